/** Says whose things of this process are, or, given an owner, whether what it made just now is nobody's. */
import { currentOwner, ownerIsGone } from '../../stack/owner.ts';

const [, , owner, engine] = process.argv;
console.log(
  owner === undefined
    ? currentOwner()
    : String(ownerIsGone(owner, Date.now(), { engineIsLocal: engine === 'local' })),
);
