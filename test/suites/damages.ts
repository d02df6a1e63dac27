/** What may have become of a copy of a backup, by its words. */
export const damages: Record<string, (content: Buffer) => Buffer> = {
  truncated: (content) => content.subarray(0, Math.floor(content.length / 2)),
  'cut short at the very end': (content) => content.subarray(0, content.length - 9),
  'garbled in the middle': (content) => {
    const changed = Buffer.from(content);
    const at = Math.floor(changed.length / 2);
    changed[at] = changed[at]! ^ 0x01;
    return changed;
  },
  empty: () => Buffer.alloc(0),
};
