package alarm

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// mostValues is how many values a sentence has at most.
const mostValues = 4

// sentences are what events say, by key; a name in braces is a value. The names are told to others (Said.Named) and kept with an
// event: a sentence whose names change gets another key.
var sentences = map[string]string{
	"queue_age":      "messages have waited for the link {link} since {since}",
	"link_down":      "the link {link} has been down since {since}; messages that wait for it: {waiting}",
	"error_rate":     "of {answers} answers on the link {link} in the last five minutes {failures} were failures",
	"balance":        "of the balance of {account} {amount} {currency} are available",
	"disk":           "the disk of the data folder has {free} MiB free, {percent} of a hundred",
	"certificate":    "the certificate of {interface} ends at {ends}",
	"clock_jump":     "the clock jumped by {by}",
	"clock_offset":   "the clock is wrong by {by}, says the system's time service",
	"traffic_growth": "{account} has sent {messages} messages to {country} in this hour; {usual} in an hour are usual",
	"traffic_series": "{account} has sent one text to {numbers} of 64 numbers that follow one another, the last {last}",
	"modem":          "the modem {modem} of the link {link} cannot send since {since}: {why}",
	"escalation":     "nobody has taken the message {message} to rota:{rota} of {account}; asked were {asked}",
}

// Sentences are the keys of what events say, and the sentence of each in English.
func Sentences() map[string]string {
	all := make(map[string]string, len(sentences))
	for key, text := range sentences {
		all[key] = text
	}
	return all
}

// Said is what an event says in a form that can be put into any language: a key of Sentences, and the values that fill it in the
// order of its names. Without a key it is a text of which only the English is known.
type Said struct {
	Key    string
	Values [mostValues]string
}

// Say fills a sentence: with times as RFC 3339 in UTC, durations as Go writes them, all else as fmt.Sprint does.
func Say(key string, values ...any) Said {
	s := Said{Key: key}
	for i, v := range values[:min(len(values), mostValues)] {
		if at, ok := v.(time.Time); ok {
			v = at.UTC().Format(time.RFC3339)
		}
		s.Values[i] = fmt.Sprint(v)
	}
	return s
}

// Plain says a text that is no sentence of Sentences.
func Plain(text string) Said { return Said{Values: [mostValues]string{text}} }

// String is the sentence in English.
func (s Said) String() string {
	if s.Key == "" {
		return s.Values[0]
	}
	return Fill(sentences[s.Key], s.Named())
}

// Named are the values by the names of the sentence; nil without a key.
func (s Said) Named() map[string]string {
	if s.Key == "" {
		return nil
	}
	named := map[string]string{}
	for i, name := range names(s.Key) {
		named[name] = s.Values[i]
	}
	return named
}

// Fill puts values in the place of the names in braces; a name without a value stays.
func Fill(sentence string, named map[string]string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(sentence, "{")
		name, after, closed := strings.Cut(rest, "}")
		if out.WriteString(before); !found {
			return out.String()
		}
		if !closed {
			return out.String() + "{" + rest
		}
		if value, known := named[name]; known {
			out.WriteString(value)
		} else {
			out.WriteString("{" + name + "}")
		}
		sentence = after
	}
}

// names are those in the braces of a sentence, at most as many as there may be values.
func names(key string) (list []string) {
	for _, piece := range strings.Split(sentences[key], "{")[1:] {
		name, _, _ := strings.Cut(piece, "}")
		list = append(list, name)
	}
	return list[:min(len(list), mostValues)]
}

// written is Said as it is kept.
type written struct {
	Key    string            `json:"key"`
	Values map[string]string `json:"values"`
}

// Encode gives a text to keep; empty without a key.
func (s Said) Encode() string {
	if s.Key == "" {
		return ""
	}
	text, _ := json.Marshal(written{s.Key, s.Named()}) // of texts it cannot fail
	return string(text)
}

// DecodeSaid reads what Encode gave. What it does not know, such as a sentence of a later version, is the zero Said: the event's
// Text is all there is.
func DecodeSaid(text string) (s Said) {
	var w written
	if text == "" || json.Unmarshal([]byte(text), &w) != nil || sentences[w.Key] == "" {
		return Said{}
	}
	s.Key = w.Key
	for i, name := range names(w.Key) {
		value, known := w.Values[name]
		if !known {
			return Said{}
		}
		s.Values[i] = value
	}
	return s
}
