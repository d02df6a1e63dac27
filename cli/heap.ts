import { setFlagsFromString } from 'node:v8';

/** For a process of Muster's own that is started: what it compiled is kept by its flags. */
export const doublingHeap = '--heap-growing-percent=100';

/**
 * Of a process that allocates little, V8 lets the heap grow by a few megabytes before it marks all of it
 * again, and buffers count as heap: what streams a backup of some hundred megabytes had it marked once for
 * every few of them, which took a third of the processor's time beside the server that is loaded. Twice the
 * heap is what V8 gives a process that is busy (v8/src/heap/memory-controller.h).
 */
export const letHeapDouble = (): void => setFlagsFromString(doublingHeap);
