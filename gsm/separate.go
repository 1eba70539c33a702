package gsm

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Separate cuts a text into messages of their own, between words where it can;
// the blanks between two of them are left out. With numbered each begins with
// its number, as 1/3. A text that fits into one message stays one.
//
// Errors as for [MeasureWith], and ErrTooManyParts for more than 255 messages.
func Separate(text string, o SplitOptions, numbered bool) ([]string, error) {
	size, err := MeasureWith(text, o)
	if err == nil && size.Parts == 1 {
		return []string{text}, nil
	}
	if err != nil && !tooMany(err) {
		return nil, err
	}
	for digits := 1; digits <= 3; digits++ {
		prefix := ""
		if numbered {
			prefix = strings.Repeat("9", digits) + "/" + strings.Repeat("9", digits) + " "
		}
		pieces, err := cutWords(text, o, prefix)
		switch {
		case err != nil:
			return nil, err
		case len(pieces) > maxParts:
			return nil, ErrTooManyParts
		case !numbered || len(pieces) < 2:
			return pieces, nil
		case len(strconv.Itoa(len(pieces))) <= digits:
			for i := range pieces {
				pieces[i] = strconv.Itoa(i+1) + "/" + strconv.Itoa(len(pieces)) + " " + pieces[i]
			}
			return pieces, nil
		}
	}
	return nil, ErrTooManyParts
}

// cutWords cuts a text so that every piece fits behind a prefix.
func cutWords(text string, o SplitOptions, prefix string) ([]string, error) {
	var pieces []string
	for text != "" && len(pieces) <= maxParts {
		piece, end, err := cutWord(text, o, prefix)
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, piece)
		text = strings.TrimLeftFunc(text[end:], unicode.IsSpace)
	}
	return pieces, nil
}

// cutWord cuts off the first piece, and says where it ends. What is shorter may take more room, in the default alphabet
// where the whole needed the tables of a language: so each cut is measured again.
func cutWord(text string, o SplitOptions, prefix string) (piece string, end int, err error) {
	for end = len(text); ; {
		piece = strings.TrimRightFunc(text[:end], unicode.IsSpace)
		head, err := First(prefix+piece, o)
		n := len(head) - len(prefix)
		switch {
		case err != nil:
			return "", 0, err
		case n >= len(piece):
			return piece, end, nil
		case n <= 0:
			return "", 0, ErrHeaderTooLong
		}
		end = wordEnd(text, n)
	}
}

// wordEnd returns where the last word ends that fits into n octets, or n if
// that is within the first.
func wordEnd(text string, n int) int {
	if next, _ := utf8.DecodeRuneInString(text[n:]); unicode.IsSpace(next) {
		return n
	}
	if at := strings.LastIndexFunc(text[:n], unicode.IsSpace); at > 0 && strings.TrimSpace(text[:at]) != "" {
		return at
	}
	return n
}
