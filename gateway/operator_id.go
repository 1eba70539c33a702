package gateway

import "strconv"

// receiptKey hashes an operator's id within its scope: FNV-1a over the id in
// its canonical form, lower case without leading zeros.
func receiptKey(scope, id string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(scope) {
		h = (h ^ uint64(scope[i])) * 1099511628211
	}
	h *= 1099511628211 // the octet 0 between them
	for len(id) > 1 && id[0] == '0' {
		id = id[1:]
	}
	for i := range len(id) {
		c := id[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// exactKey hashes an operator's id within its scope as it is.
func exactKey(scope, id string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(scope) {
		h = (h ^ uint64(scope[i])) * 1099511628211
	}
	h *= 1099511628211 // the octet 0 between them
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return h
}

// receiptKey hashes an operator's id in the form in which the link's answers
// and receipts agree.
func (l *link) receiptKey(scope, id string) uint64 {
	if l.set.IDs == IDsExactly {
		return exactKey(scope, id)
	}
	return receiptKey(scope, id)
}

// otherForms returns the keys of the id read as decimal and written as
// hexadecimal, and the other way round: many operators answer in one form and
// report in the other.
func otherForms(scope, id string) []uint64 {
	var keys []uint64
	if v, err := strconv.ParseUint(id, 10, 64); err == nil {
		keys = append(keys, receiptKey(scope, strconv.FormatUint(v, 16)))
	}
	if v, err := strconv.ParseUint(id, 16, 64); err == nil {
		keys = append(keys, receiptKey(scope, strconv.FormatUint(v, 10)))
	}
	return keys
}
