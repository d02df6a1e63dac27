/**
 * Actions of drivers that leave a component with the data that it has: it is started, closed, opened or
 * configured anew. Whatever else it is told to do may bring it data of another server, or take some away.
 */
const leaving = new Set(['fence', 'reapply-certificate', 'reapply-config', 'reopen', 'restart', 'start']);
export const leavesData = (action: string): boolean => leaving.has(action);
