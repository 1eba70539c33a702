package web

import (
	"fmt"
	"maps"
)

// words gives what a key says in a language: sv is Swedish, any other English. A key that there is not is given as it is.
func (s *Server) words(lang, key string, args ...any) string {
	pair, known := s.table[key]
	if !known {
		return key
	}
	text := pair.en
	if lang == swedish {
		text = pair.sv
	}
	if len(args) > 0 {
		return fmt.Sprintf(text, args...)
	}
	return text
}

// swedish is the language that pages are in besides English.
const swedish = "sv"

// inBoth is what is said in English and in Swedish.
type inBoth struct{ en, sv string }

// allWords are those of every area.
func allWords() map[string]inBoth {
	table := map[string]inBoth{}
	for _, words := range []map[string]inBoth{
		wordsOfPeople(),
		wordsOfUsers(),
		wordsOfLists(),
		wordsOfOps(),
		wordsOfBooks(),
		fieldsOfOps(),
		wordsOfConsole(),
		wordsOfSettings(),
		wordsOfKinds(),
		wordsOfReports(),
		wordsOfCompose(),
		wordsOfLooks(),
		wordsOfDuty(),
		wordsOfAccounts(),
		wordsOfAlarms(),
	} {
		maps.Copy(table, words)
	}
	return table
}
