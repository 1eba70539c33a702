package gateway

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"kurir/message"
)

const (
	fnvBegin = uint64(14695981039346656037)
	fnvPrime = uint64(1099511628211)
)

// scopeHash begins the hash of an id: FNV-1a over the scope and the octet 0
// behind it.
func scopeHash(scope string) uint64 {
	h := fnvBegin
	for i := range len(scope) {
		h = (h ^ uint64(scope[i])) * fnvPrime
	}
	return h * fnvPrime
}

// receiptKey hashes an operator's id within its scope, in its canonical form:
// lower case, without leading zeros.
func receiptKey(scope, id string) uint64 {
	h := scopeHash(scope)
	for len(id) > 1 && id[0] == '0' {
		id = id[1:]
	}
	for i := range len(id) {
		c := id[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		h = (h ^ uint64(c)) * fnvPrime
	}
	return h
}

// exactKey hashes an operator's id within its scope as it is.
func exactKey(scope, id string) uint64 {
	h := scopeHash(scope)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * fnvPrime
	}
	return h
}

// idForm says how the id in a receipt comes of the one in the answer.
type idForm uint8

const (
	formUnknown      idForm = iota
	formEqual               // capitals and leading zeros apart
	formHexDecimal          // hexadecimal in the answer, decimal in the receipt
	formDecimalHex          // the other way round
	formReceiptFirst        // the receipt has the first characters of the answer's
	formReceiptLast         // the receipt has the last ones
	formAnswerFirst         // the answer has the first characters of the receipt's
	formAnswerLast          // the answer has the last ones
)

// idRelation is a form, with the number of characters where one side is cut.
type idRelation struct {
	form idForm
	n    uint8
}

// String describes the relation for people.
func (r idRelation) String() string {
	switch r.form {
	case formEqual:
		return "equal"
	case formHexDecimal:
		return "hexadecimal in answers, decimal in receipts"
	case formDecimalHex:
		return "decimal in answers, hexadecimal in receipts"
	case formReceiptFirst:
		return fmt.Sprintf("receipts have the first %d characters", r.n)
	case formReceiptLast:
		return fmt.Sprintf("receipts have the last %d characters", r.n)
	case formAnswerFirst:
		return fmt.Sprintf("answers have the first %d characters", r.n)
	case formAnswerLast:
		return fmt.Sprintf("answers have the last %d characters", r.n)
	}
	return ""
}

// inReceipt returns what a receipt has of an answer's id that it cuts; false
// if the relation cuts nothing of it.
func (r idRelation) inReceipt(id string) (string, bool) {
	n := int(r.n)
	switch {
	case len(id) <= n:
		return "", false
	case r.form == formReceiptFirst:
		return id[:n], true
	case r.form == formReceiptLast:
		return id[len(id)-n:], true
	}
	return "", false
}

// inAnswer returns the answer's id of a receipt's; false if the receipt's does
// not have the form, or if it is the answer's that cannot be told from it.
func (r idRelation) inAnswer(id string) (string, bool) {
	n := int(r.n)
	switch r.form {
	case formEqual:
		return id, true
	case formHexDecimal:
		return toHex(id)
	case formDecimalHex:
		return toDecimal(id)
	case formAnswerFirst:
		return id[:min(n, len(id))], true
	case formAnswerLast:
		return id[max(0, len(id)-n):], true
	}
	return "", false
}

// toHex writes a decimal number in hexadecimal.
func toHex(id string) (string, bool) {
	if !message.AllDigits(id) {
		return "", false
	}
	if v, err := strconv.ParseUint(id, 10, 64); err == nil {
		return strconv.FormatUint(v, 16), true
	}
	v, ok := new(big.Int).SetString(id, 10)
	if !ok {
		return "", false
	}
	return v.Text(16), true
}

// toDecimal writes a hexadecimal number in decimal.
func toDecimal(id string) (string, bool) {
	if id == "" || !hexadecimal(id) {
		return "", false
	}
	if v, err := strconv.ParseUint(id, 16, 64); err == nil {
		return strconv.FormatUint(v, 10), true
	}
	v, ok := new(big.Int).SetString(id, 16)
	if !ok {
		return "", false
	}
	return v.Text(10), true
}

func hexadecimal(id string) bool {
	return strings.Trim(id, "0123456789abcdefABCDEF") == ""
}
