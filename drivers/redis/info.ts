/** Fields of INFO, as the server names them. */
export type Info = Record<string, string>;

/** `name:value` lines; headings and blank lines left out. */
export function parseInfo(text: string): Info {
  const info: Info = {};
  for (const line of text.split(/\r?\n/)) {
    const at = line.indexOf(':');
    if (at > 0 && !line.startsWith('#')) info[line.slice(0, at)] = line.slice(at + 1);
  }
  return info;
}
