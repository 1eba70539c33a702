package connector

import (
	"fmt"
	"strconv"
	"strings"

	"kurir/message"
)

// readMeanings reads what an operator's codes mean where the configuration says so: kinds of failures by code.
func readMeanings(field string, words map[string]string, parse func(text string) (uint32, error), report func(field, problem string)) map[uint32]message.FailureKind {
	if len(words) == 0 {
		return nil
	}
	meanings := map[uint32]message.FailureKind{}
	for text, word := range words {
		at := field + "." + text
		code, err := parse(text)
		switch kind, ok := meaning(at, word, report); {
		case err != nil:
			report(at, err.Error())
		case ok:
			meanings[code] = kind
		}
	}
	return meanings
}

// receiptCode reads a number: hexadecimal with 0x, else decimal, also with
// leading zeros.
func receiptCode(text string) (uint32, error) {
	digits, hexadecimal := strings.CutPrefix(text, "0x")
	base := 10
	if hexadecimal {
		base = 16
	}
	code, err := strconv.ParseUint(digits, base, 32)
	if err != nil || code == 0 {
		return 0, fmt.Errorf("%q is no code of a receipt; write its number, such as 027 or 0x1b", text)
	}
	return uint32(code), nil
}

func meaning(field, word string, report func(field, problem string)) (message.FailureKind, bool) {
	kinds := message.OperatorFailures()
	kind, ok := message.ParseFailure(word, kinds)
	if !ok {
		names := make([]string, len(kinds))
		for i, k := range kinds {
			names[i] = k.Code()
		}
		report(field, fmt.Sprintf("%q is no kind of failure; there are %s", word, strings.Join(names, ", ")))
	}
	return kind, ok
}
