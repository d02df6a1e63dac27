import { extractText, getDocumentProxy } from 'unpdf';

/** The text of a PDF in the order in which it was set, a blank between pieces. */
export async function read(bytes: Uint8Array): Promise<string> {
  const document = await getDocumentProxy(new Uint8Array(bytes));
  const { text } = await extractText(document, { mergePages: true });
  return text;
}
