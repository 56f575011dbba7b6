/**
 * What an import brings is kept under these names in the place of the inlet that first took it: who took it then, and when, is the word
 * of a file. The names are part of the hash chain, so that nothing imported can pass for received later.
 */
export const importInlet = 'import'
/** For what nobody signed. */
export const unsignedImportInlet = 'unsigned-import'

export function isImport(inlet: string): boolean {
  return inlet === importInlet || inlet === unsignedImportInlet
}
