import { createHmac, randomBytes } from 'node:crypto';

const key = randomBytes(32);

/**
 * A digest that only this process can make: definitions and roles hold passwords, and who has the evidence
 * must not be able to try some.
 */
export const keyed = (text: string): string => createHmac('sha256', key).update(text).digest('hex');
