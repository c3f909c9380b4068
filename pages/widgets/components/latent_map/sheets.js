// The decoded sheets of images of a map, by slot.

/** @import { Packed, Sheet } from "../shared/types.js" */

const SHEETS = ["images", "reconstructions0", "reconstructions1"];

/** @typedef {Packed<Sheet & { slot: string, version: string }, { file: BlobPart }>} SheetBlob */

export class Sheets {
  /** @param {() => void} ondecoded called after a sheet is decoded */
  constructor(ondecoded) {
    this.ondecoded = ondecoded;
    /** @type {Record<string, Sheet>} */
    this.sheets = {};
    /** @type {Record<string, string>} */
    this.versions = {};
  }

  /**
   * Decodes the sheets whose version has changed.
   * @param {Record<string, Packed>} slots
   * @param {Record<string, string>} versions those that the view names
   */
  update(slots, versions) {
    const before = this.versions;
    this.versions = versions;
    for (const slot of SHEETS) if (before[slot] !== versions[slot]) this.decode(slot, slots[slot]);
  }

  /**
   * @param {string} slot
   * @param {SheetBlob | undefined} blob
   */
  async decode(slot, blob) {
    this.sheets[slot]?.bitmap?.close();
    delete this.sheets[slot];
    if (!blob) return;
    const sheet = (this.sheets[slot] = { ...blob.header });
    const bitmap = await createImageBitmap(new Blob([blob.arrays.file], { type: sheet.kind }));
    if (this.sheets[slot] !== sheet) return bitmap.close();
    sheet.bitmap = bitmap;
    this.ondecoded();
  }

  /**
   * A decoded sheet, null while it is not.
   * @param {string} slot
   */
  get(slot) {
    return this.sheets[slot]?.bitmap && this.versions[slot] ? this.sheets[slot] : null;
  }

  close() {
    for (const sheet of Object.values(this.sheets)) sheet.bitmap?.close();
  }
}
