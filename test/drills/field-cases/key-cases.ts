/**
 * F18: what opens the data lies elsewhere, and no backup holds it. `unprotected`: what is said of it before
 * anything is broken.
 */
export interface KeyCase {
  name: string;
  scenario: string;
  exitCode: 0 | 1;
  red: string[];
  unprotected: string[];
}

const keys = ['volume keys of vault is in no backup of this strategy: a disaster takes it for good'];

export const keyCases: KeyCase[] = [
  {
    name: 'F18, the database is back, and the key of what it holds was in another volume',
    scenario: 'F18',
    exitCode: 1,
    red: ['check/credential-opens'],
    unprotected: keys,
  },
  {
    name: 'F18, its control: the volume with the key is still there',
    scenario: 'F18.kept',
    exitCode: 0,
    red: [],
    unprotected: keys,
  },
  {
    name: 'F18, a table is encrypted by a keyring in the folder of the data, and both are lost',
    scenario: 'F18.encrypted',
    exitCode: 0,
    red: [],
    unprotected: [],
  },
  {
    name: 'F18, a table is encrypted, and its folder is brought back without the keyring',
    scenario: 'F18.keyring-lost',
    exitCode: 1,
    red: ['check/credential-opens', 'check/mysql.inventory'],
    unprotected: [],
  },
];
