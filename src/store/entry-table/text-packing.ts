/** How texts of one shape are kept as 32-bit words: a quarter of what they take as strings, and out of V8's heap. */
export interface TextPacking {
  /** How many words one text takes. */
  readonly words: number;
  /** False where the text does not have the shape; what is in `words` then means nothing. */
  pack(text: string, words: Uint32Array): boolean;
  unpack(words: Uint32Array): string;
}

const DIGEST_BYTES = 32;
const digestWords = new Uint32Array(DIGEST_BYTES / 4);
const digestBytes = Buffer.from(digestWords.buffer);

/** SHA-256 or its HMAC, base64url without padding, as `base/hash.ts` writes it. */
export const digestPacking: TextPacking = {
  words: digestWords.length,
  pack(text, words) {
    if (text.length !== 43 || digestBytes.write(text, "base64url") !== DIGEST_BYTES) return false;
    // The decoder takes more than the encoder writes: other alphabets, and lost bits in the last character.
    if (digestBytes.toString("base64url") !== text) return false;
    words.set(digestWords);
    return true;
  },
  unpack(words) {
    digestWords.set(words);
    return digestBytes.toString("base64url");
  },
};

const UUID_LENGTH = 36;
const DASH = 0x2d;
/** Where the 32 digits stand among the four dashes. */
const digitPlaces = Array.from({ length: UUID_LENGTH }, (_, index) => index).filter(
  (index) => index !== 8 && index !== 13 && index !== 18 && index !== 23,
);
const digitCodes = Buffer.from("0123456789abcdef", "latin1");
const valueOfCode = new Uint8Array(128).fill(0xff);
for (const [value, code] of digitCodes.entries()) valueOfCode[code] = value;
const uuidText = Buffer.alloc(UUID_LENGTH, DASH);

/** RFC 9562 in its usual form, lower case, of any version. */
export const uuidPacking: TextPacking = {
  words: 4,
  pack(text, words) {
    if (text.length !== UUID_LENGTH) return false;
    for (const dash of [8, 13, 18, 23]) if (text.charCodeAt(dash) !== DASH) return false;
    for (let word = 0; word < 4; word++) {
      let bits = 0;
      for (let digit = word * 8; digit < word * 8 + 8; digit++) {
        const value = valueOfCode[text.charCodeAt(digitPlaces[digit] as number)] ?? 0xff;
        if (value === 0xff) return false;
        bits = (bits << 4) | value;
      }
      words[word] = bits;
    }
    return true;
  },
  unpack(words) {
    for (let digit = 0; digit < 32; digit++) {
      const value = ((words[digit >> 3] as number) >>> (28 - 4 * (digit & 7))) & 15;
      uuidText[digitPlaces[digit] as number] = digitCodes[value] as number;
    }
    return uuidText.toString("latin1");
  },
};
