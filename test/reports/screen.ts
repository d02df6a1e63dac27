import { Writable } from 'node:stream';

/** A stream that keeps what was written, with what a terminal says of itself. */
export class Screen extends Writable {
  text = '';
  columns: number | undefined;
  isTTY: boolean;
  constructor(isTTY: boolean, columns?: number) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
    this.columns = columns;
  }
  override _write(chunk: string | Buffer, _: BufferEncoding, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}
