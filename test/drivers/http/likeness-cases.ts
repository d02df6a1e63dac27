/**
 * Answers of 200 to a probe that says nothing of them, which was answered like `before`. `red`: what the
 * check says; null where it must be silent.
 */
export interface Likeness {
  name: string;
  before: [type: string, body: string];
  after: [type: string, body: string];
  red: RegExp | null;
}

const page = (title: string, text: string): [string, string] => [
  'text/html; charset=utf-8',
  `<html><head><title>${title}</title></head><body>${text}</body></html>`,
];
const orders = (...items: number[]): [string, string] => ['application/json', JSON.stringify({ items })];

export const likenesses: Likeness[] = [
  {
    name: 'a page of errors in the place of the shop',
    before: page('The shop', 'welcome'),
    after: page('Database Error', 'Error establishing a database connection'),
    red: /GET \/p: it has another title/,
  },
  {
    name: 'words of an error in the place of a page',
    before: page('The shop', 'welcome'),
    after: ['text/plain', 'SQLSTATE[HY000] [2002] Connection refused'],
    red: /another media type/,
  },
  {
    name: 'an error as JSON in the place of a list',
    before: orders(1, 2),
    after: ['application/json', '{"error":"no database"}'],
    red: /other names in its JSON/,
  },
  {
    name: 'an error as JSON that shares a name with the document before',
    before: ['application/json', '{"status":"ok","items":[1]}'],
    after: ['application/json', '{"status":"ok","error":"no database"}'],
    red: /an error in its JSON/,
  },
  {
    name: 'the same document, which says that all is not well',
    before: ['application/json', '{"success":true,"items":[1]}'],
    after: ['application/json', '{"success":false,"items":[]}'],
    red: /another status in its JSON/,
  },
  {
    name: 'a document that says that there was no error, before and after',
    before: ['application/json', '{"error":null,"items":[1]}'],
    after: ['application/json', '{"error":null,"items":[2]}'],
    red: null,
  },
  {
    name: 'a record of that name in a document that has them by name',
    before: ['application/json', '{"1":"one","error":"a record"}'],
    after: ['application/json', '{"error":"a record","3":"three"}'],
    red: null,
  },
  {
    name: 'nothing in the place of a page',
    before: ['text/html', '<p>welcome'],
    after: ['text/html', ''],
    red: /none where one was/,
  },
  {
    name: 'another text on the same page',
    before: page('The shop', '7'),
    after: page('The shop', '8'),
    red: null,
  },
  { name: 'another list under the same name', before: orders(1, 2), after: orders(), red: null },
  {
    name: 'a record more and one less in a document that has them by name',
    before: ['application/json', '{"1":"one","2":"two"}'],
    after: ['application/json', '{"2":"two","3":"three"}'],
    red: null,
  },
];
/** A title that changes by itself tells nothing. */
export const ofItself = 'a page whose title counts its visitors';
