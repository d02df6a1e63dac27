import { LineCounter, parseDocument, type Document, type YAMLParseError } from 'yaml';
import { inputError, InputErrors, type MusterError, type Place } from './errors.ts';
import { problemsOf, tooDeep } from './yaml-tree.ts';

/**
 * A file of YAML that is a value: `data` has neither cycles nor more than memory holds. `at`: the place of an
 * offset.
 */
export interface YamlFile {
  document: Document;
  data: unknown;
  at(offset: number): Place;
}

/**
 * Parses YAML (1.2 core, with merge keys; duplicate keys and a second document are errors, tags it does not
 * know stand for their plain value). Whatever the text, it gives a value or throws InputErrors with file,
 * line and column.
 */
export function readYaml(file: string, text: string): YamlFile {
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    uniqueKeys: true,
    logLevel: 'error',
  });
  if (document.errors.length > 0) throw new InputErrors(parseErrors(document.errors, at));
  const problems = problemsOf(document, at);
  if (problems.length > 0) throw new InputErrors(problems);
  // What its aliases come to has been counted.
  return { document, data: document.toJS({ maxAliasCount: -1 }), at };
}

/** Whatever stands in it would be left out unnoticed. */
const secondDocument = (at: Place): MusterError =>
  inputError('a second document begins here', {
    at,
    expected: 'one document in a file',
    hint: 'remove the line ---, or move what follows it into a file of its own',
  });

/** Names that stand twice are each a slip of their own; what follows another error mostly follows from it. */
function parseErrors(errors: YAMLParseError[], at: (offset: number) => Place): MusterError[] {
  const [first] = errors;
  return (first!.code === 'DUPLICATE_KEY' ? errors : [first!]).map((error) => {
    const place = at(error.pos[0]);
    if (error.code === 'DUPLICATE_KEY')
      return inputError('the same name stands twice', { at: place, hint: 'rename or remove one of them' });
    if (error.code === 'RESOURCE_EXHAUSTION') return tooDeep(place);
    if (error.code === 'MULTIPLE_DOCS') return secondDocument(place);
    const words = error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '');
    return inputError(`the file does not parse: ${words}`, { at: place, expected: 'YAML' });
  });
}
