/** What becomes of a table of the application that lies where Muster's own records do, or is called so. */
export interface OwnRecordCase {
  name: string;
  config: Record<string, unknown>;
  /** Before the first look. */
  make: string[];
  /** Between that and the last one. */
  spoil: string[];
  /** So that nothing of it stays. */
  clear: string[];
  verdict: 'fail' | 'inconclusive';
  says: RegExp;
}

const table = (name: string): Pick<OwnRecordCase, 'make' | 'spoil' | 'clear'> => ({
  make: [`CREATE TABLE ${name} (id INT PRIMARY KEY)`, `INSERT INTO ${name} VALUES (1), (2)`],
  spoil: [`DELETE FROM ${name}`],
  clear: [`DROP TABLE ${name}`],
});
/** `kind`: what holds Muster's records, and the key of the configuration that names it. */
const shared = (kind: 'DATABASE' | 'SCHEMA', key: string): OwnRecordCase => {
  const orders = table('muster.orders');
  return {
    ...orders,
    name: "a table of the application is emptied that lies among Muster's own",
    config: {},
    make: [`CREATE ${kind} IF NOT EXISTS muster`, ...orders.make],
    verdict: 'inconclusive',
    says: new RegExp(`^muster\\.orders lie where Muster leaves out all as its own \\(config\\.${key}\\)`),
  };
};

export const ownRecordCases: Record<'mysql' | 'postgres', OwnRecordCase[]> = {
  mysql: [
    shared('DATABASE', 'database'),
    {
      ...table('app.muster_rolls'),
      name: 'a table of the application is emptied whose name begins as those of Muster do',
      config: { database: 'app' },
      verdict: 'fail',
      says: /rows of app\.muster_rolls: 0 rows, 2 before/,
    },
  ],
  postgres: [
    shared('SCHEMA', 'schema'),
    {
      ...table('public.orders_of_old'),
      name: "the strategy names the application's own schema for Muster's records, and a table in it is emptied",
      config: { schema: 'public' },
      verdict: 'inconclusive',
      says: /public\.\w+.* lie where Muster leaves out all as its own \(config\.schema\)/,
    },
  ],
};
