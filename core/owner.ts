/**
 * Who a process of Muster is, so that what one leaves that is killed can be told from what others still use.
 */
export interface OwnerKnown {
  /** Without a slash. */
  owner: string;
  /** Whether that process is gone; `touchedMs`: when what it left was last touched, Unix ms. */
  isGone(owner: string, touchedMs: number): boolean;
}

/** File that says in a folder of Muster's own whose it is. What has none was made by somebody else. */
export const ownerMark = '.owner';
/** Behind the owner of a drill's folder: its stores are to be kept for a look. */
export const keepsStores = ' keeps stores';
