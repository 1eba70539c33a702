package message

import (
	"fmt"
	"regexp"
)

// mostRegular bounds a regular expression, in octets: what one of many thousands takes for a text holds up all others.
const mostRegular = 1000

// RegularProblem says what is wrong with a regular expression of the configuration; empty: nothing is.
func RegularProblem(text string) string {
	if len(text) > mostRegular {
		return fmt.Sprintf("has %d octets; a regular expression may have %d", len(text), mostRegular)
	}
	if _, err := regexp.Compile(text); err != nil {
		return "is not a regular expression (RE2): " + err.Error()
	}
	return ""
}
