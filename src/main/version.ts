import packageJson from '../../package.json' with { type: 'json' }

/** Of this Tocsin, with and without Electron. */
export const version: string = packageJson.version
