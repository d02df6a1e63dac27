/** Says whose a file of this process is, or, given an owner, whether its files are nobody's any more. */
import { fileOwner, ownerIsGone } from '../../stack/owner.ts';

const [, , owner] = process.argv;
console.log(owner === undefined ? fileOwner() : String(ownerIsGone(owner, Date.now())));
