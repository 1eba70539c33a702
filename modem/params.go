package modem

import (
	"strconv"
	"strings"
)

// params splits what stands behind the colon of a line at the commas outside
// quotes and brackets; quotes are taken off.
func params(line string) []string {
	if _, rest, ok := strings.Cut(line, ":"); ok {
		line = rest
	}
	var list []string
	var field strings.Builder
	quoted, depth := false, 0
	for _, r := range []byte(line) {
		switch {
		case r == '"':
			quoted = !quoted
			continue
		case quoted:
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth <= 0:
			list = append(list, strings.TrimSpace(field.String()))
			field.Reset()
			continue
		}
		field.WriteByte(r)
	}
	return append(list, strings.TrimSpace(field.String()))
}

// param is one of them, empty if it is missing.
func param(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// number reads a decimal number of a line, not negative.
func number(s string) (int, bool) {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 31)
	return int(n), err == nil
}

// last is the number that ends a list of parameters, -1 if it is none.
func last(list []string) int {
	if n, ok := number(list[len(list)-1]); ok {
		return n
	}
	return -1
}

// isHex says whether a line has nothing but pairs of hexadecimal digits.
func isHex(s string) bool {
	return s != "" && len(s)%2 == 0 && strings.Trim(s, "0123456789ABCDEFabcdef") == ""
}

// quote puts a parameter into quotes, and leaves out what would end them or the line.
func quote(s string) string {
	keep := func(r rune) rune {
		if r == '"' || r < ' ' {
			return -1
		}
		return r
	}
	return `"` + strings.Map(keep, s) + `"`
}
