/** Where a bundle keeps files that events declare, each with its name, size and SHA-256. */
export const attachmentsFolder = 'attachments';

/** The path of one in its bundle; no path that leads elsewhere is one. */
export const attachmentPattern = /^attachments\/[\w][\w.-]*$/;
