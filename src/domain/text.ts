/** Invisible characters, which reorder, hide or lengthen the text around them. */
const invisible =
  /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]|[\u{e0000}-\u{e007f}]/gu

/**
 * Text from outside, on one line and as a person reads it: control characters (an escape sequence colours or hides a log)
 * become a space, and invisible ones become visible.
 */
export function onOneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').replaceAll(invisible, '\ufffd')
}

/** What Markdown has to escape; underscores between letters are none of it. */
export const markup = /[\\`*{}[\]()#+!|~<>&@]|(?<![\p{L}\p{N}_])_+|_+(?![\p{L}\p{N}_])/gu

/**
 * What a person wrote, for a message; never used for inputs that may contain a key. All or nothing: the runner hides a
 * secret that was put into the wrong input only where it is shown whole and unescaped.
 */
export function quoted(text: string): string {
  const whole = text.length <= 60 && text.search(markup) === -1
  return whole ? `"${onOneLine(text)}"` : `a text of ${text.length} characters`
}

/** A Public Key ID as Integration Central lists it. The first group is its prefix, which older IDs lack. */
export const publicKeyIdFormat = /^(?:(SANDBOX|LIVE)-)?[A-Z0-9]{24}$/
