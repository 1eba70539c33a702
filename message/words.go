package message

import (
	"errors"
	"fmt"
	"strings"
)

// MatchesWord compares a word with a pattern: exact, its beginning followed by *, or * alone.
func MatchesWord(pattern, word string) bool {
	if prefix, open := strings.CutSuffix(pattern, "*"); open {
		return strings.HasPrefix(word, prefix)
	}
	return word == pattern
}

// Item names the i-th of n words of a field; a single one may have been written without a list.
func Item(field string, i, n int) string {
	if n == 1 {
		return field
	}
	return fmt.Sprintf("%s[%d]", field, i)
}

// Words is one word or a list.
type Words []string

// UnmarshalYAML reads one word or a list.
func (w *Words) UnmarshalYAML(read func(any) error) error {
	list, err := OneOrMany(read)
	*w = list
	return err
}

// OneOrMany reads a scalar or a list of scalars.
func OneOrMany(read func(any) error) ([]string, error) {
	var one string
	if read(&one) == nil {
		return []string{one}, nil
	}
	var many []string
	if read(&many) != nil {
		return nil, errors.New("one value or a list of values is expected")
	}
	return many, nil
}
