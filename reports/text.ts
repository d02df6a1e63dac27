const joiners = new Set(['\n', '\t', '\u200c', '\u200d']);

/**
 * Text from outside (names, errors, output of tools) made harmless and visible: control and formatting
 * characters, escape sequences, direction overrides, halves of surrogate pairs and noncharacters become
 * `\x1b`, `\u202e`. Newlines and tabs stay, and so do the joiners that words and emoji need. What is left is
 * valid in XML 1.0.
 */
export function visible(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Noncharacter_Code_Point}\u2028\u2029]/gu, (character) => {
      if (joiners.has(character)) return character;
      const code = character.codePointAt(0)!.toString(16);
      return code.length <= 2
        ? `\\x${code.padStart(2, '0')}`
        : `\\u${code.length > 4 ? `{${code}}` : code.padStart(4, '0')}`;
    });
}

/** The same on one line: every stretch of white space is one blank. */
export const oneLine = (text: string): string => visible(text).replace(/\s+/g, ' ').trim();

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** For the text and the quoted attributes of HTML and XML. */
export const escapeMarkup = (text: string): string =>
  visible(text).replace(/[&<>"']/g, (character) => entities[character]!);

/**
 * For a place inside a line of GitHub's Markdown, a table's cell included: shows as it is written, and starts
 * neither markup, nor a link, nor a mention. Only what could start something is escaped, for the source is
 * read too.
 */
export const escapeMarkdown = (text: string): string =>
  oneLine(text)
    .replace(/[\\`*_[\]<#|~&$]/g, '\\$&')
    .replaceAll('://', '\\://')
    .replaceAll('@', '&#64;')
    .replace(/\bwww\./gi, (match) => `${match.slice(0, 3)}\\.`)
    .replace(/^[-+>=]/, '\\$&')
    .replace(/^(\d+)([.)])(?=\s)/, '$1\\$2');
