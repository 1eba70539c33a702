package connector

import (
	"unicode/utf8"

	"kurir/gsm"
)

// smppGuess returns how octets of a message from a phone are really written,
// where that can be told for sure enough and its data_coding says otherwise; ok
// is false where it is believed. Only links whose guess_coding is true ask.
//
//   - Octets above 7F are no septets: they are UTF-8 where they can be, else
//     ISO-8859-1.
//   - Text in which at least every other character would be '@' or NUL in front
//     of a letter is UTF-16.
//   - UTF-16 has no odd number of octets; and octets that all are printable
//     ASCII, with blanks among them, are hardly ten of ideographs.
//   - Octets said to be binary that are printable UTF-8 are text.
func smppGuess(enc gsm.Encoding, ud []byte) (text string, real gsm.Encoding, ok bool) {
	switch enc {
	case gsm.GSM7, gsm.Latin1:
		switch {
		case smppWide(ud):
			return gsm.DecodeUCS2(ud), gsm.UCS2, true
		case !smppHigh(ud):
			return "", 0, false
		case utf8.Valid(ud):
			return string(ud), gsm.Auto, true
		case enc == gsm.GSM7:
			return gsm.DecodeLatin1(ud), gsm.Latin1, true
		}
	case gsm.UCS2:
		blanks, printable := smppPrintable(ud)
		if printable && (len(ud)%2 != 0 || blanks > 0 && len(ud) >= 10) {
			return string(ud), gsm.Auto, true
		}
	case gsm.Binary:
		if _, printable := smppPrintable(ud); printable || smppHigh(ud) && smppReadable(ud) {
			return string(ud), gsm.Auto, true
		}
	}
	return "", 0, false
}

// smppHigh tells whether there are octets above 7F.
func smppHigh(ud []byte) bool {
	for _, b := range ud {
		if b >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// smppWide tells whether octets are UTF-16 of a script whose letters share their
// first octet, as those of Europe do.
func smppWide(ud []byte) bool {
	if len(ud) < 4 || len(ud)%2 != 0 {
		return false
	}
	same, other := 0, 0
	for i := 0; i < len(ud); i += 2 {
		switch high, low := ud[i], ud[i+1]; {
		case high == 0 && low >= ' ' && low != 0x7F, high == 0 && (low == '\n' || low == '\r'):
			same++
		case high > 0 && high <= 0x06 && i > 0 && ud[i-2] <= 0x06: // Latin, Greek, Cyrillic, Hebrew, Arabic
			same++
		case high == 0x20 || i == 0 && high > 0 && high <= 0x06: // dashes and quotes; the first letter
			same++
		}
		if ud[i] != 0 {
			other++
		}
	}
	return same == len(ud)/2 && (other == 0 || len(ud) >= 8)
}

// smppPrintable tells whether all octets are printable ASCII, and how many of
// them are blanks.
func smppPrintable(ud []byte) (blanks int, ok bool) {
	for _, b := range ud {
		switch {
		case b == ' ':
			blanks++
		case b != '\n' && b != '\r' && (b < ' ' || b >= 0x7F):
			return 0, false
		}
	}
	return blanks, len(ud) > 0
}

// smppReadable tells whether octets are UTF-8 without control characters.
func smppReadable(ud []byte) bool {
	for _, b := range ud {
		if b < ' ' && b != '\n' && b != '\r' || b == 0x7F {
			return false
		}
	}
	return utf8.Valid(ud)
}
