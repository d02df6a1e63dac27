/**
 * Actions of drivers that leave a component with the data that it has: it is started, closed, opened or
 * configured anew. Whatever else it is told to do may bring it data of another server, or take some away.
 */
const leaving = new Set(['fence', 'reapply-certificate', 'reapply-config', 'reopen', 'restart', 'start']);
export const leavesData = (action: string): boolean => leaving.has(action);

/**
 * Actions after which clients may find other data than before, and that bring nothing back that was lost:
 * what an application does by itself, and a way that leads to where it led first.
 */
const changing = new Set(['call', 'clear', 'reset-way', 'seed']);
/** After it a component, or the server that its clients are sent to, may hold data of another server. */
export const bringsData = (action: string): boolean => !leavesData(action) && !changing.has(action);
