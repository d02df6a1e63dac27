import type { Peer } from './peers.ts';
import { sourceName, type Around, type Following } from './whom.ts';

/**
 * Why a replica does not follow whom it should. `fails`: surely. `unsure`: as far as can be told. `cannot be
 * asked`: its link is up, and nothing speaks against what it follows. `beside`: it follows a primary that
 * takes writes, and so does the one that it followed; where clients are is not known.
 */
export interface Doubt {
  kind: 'fails' | 'unsure' | 'cannot be asked' | 'beside';
  why: string;
}

/** `written`: as far as its source had gone when it was looked at first, in bytes of the history. */
export function doubtOf(now: Following, found: Around, written: number): Doubt | null {
  const { clients, present, moved, why } = found;
  const source = sourceName(now);
  if (now.receiving) return { kind: 'unsure', why: `it still receives all of ${source}` };
  if (now.link !== 'up') return ofNoLink(source, found);
  if (clients !== null && clients.history !== now.history)
    return {
      kind: 'fails',
      why: `it follows ${source}, which has another history than ${clients.name}, where clients are`,
    };
  const other = clients === null ? otherPrimary(now, found) : null;
  if (present === null) {
    if (other === null) return { kind: 'cannot be asked', why: `${source} cannot be asked: ${why}` };
    return {
      kind: 'unsure',
      why: `it follows ${source}, which cannot be asked (${why}), and ${other.name} has another history and takes writes`,
    };
  }
  if (other !== null && !present.takesWrites)
    return {
      kind: 'fails',
      why: `it follows ${source}, which takes no writes and has another history than ${other.name}`,
    };
  if (clients === null && moved && !present.takesWrites)
    return { kind: 'unsure', why: `it follows ${present.name} by now, which takes no writes` };
  if (now.offset < written)
    return {
      kind: 'unsure',
      why: `it has received up to ${now.offset} of ${written} that ${present.name} had written`,
    };
  if (other === null) return null;
  return { kind: 'beside', why: `it follows ${present.name} by now, and ${other.name} takes writes as well` };
}

function ofNoLink(source: string, { clients, present, before, why }: Around): Doubt {
  const down = `its link to ${source} is down`;
  const answers = clients ?? present ?? before;
  return answers === null
    ? { kind: 'unsure', why: `${source} cannot be asked: ${why}, and ${down}` }
    : { kind: 'fails', why: `${answers.name} answers, and ${down}` };
}

/** Whom it followed before, where that one goes its own way by now and would serve clients. */
const otherPrimary = ({ history }: Following, { before }: Around): Peer | null =>
  before?.isPrimary && before.takesWrites && before.history !== history ? before : null;
