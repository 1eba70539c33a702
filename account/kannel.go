package account

import (
	"cmp"
	"fmt"
	"strings"
)

// Kannel is what holds for the customer's requests over the Kannel-compatible interface.
type Kannel struct {
	// SMSC are the words by which a request may choose a connector in its parameter smsc: word: connector. Other words are
	// ignored, and the routes decide. Empty: none.
	SMSC map[string]string `yaml:"smsc" example:"{operator-a: op1}"`
	// DefaultSMSC is the connector of requests whose smsc chooses none. Empty: the routes decide.
	DefaultSMSC string `yaml:"default_smsc"`
	// ForcedSMSC is the connector of all requests, whatever their smsc says. Empty: none.
	ForcedSMSC string `yaml:"forced_smsc"`
}

// Link is the connector that a request with this smsc takes; empty where the routes decide.
func (k *Kannel) Link(smsc string) string {
	return cmp.Or(k.ForcedSMSC, k.SMSC[smsc], k.DefaultSMSC)
}

// Links are all that there are, by the field that names them.
func (k *Kannel) Links() map[string]string {
	links := map[string]string{"default_smsc": k.DefaultSMSC, "forced_smsc": k.ForcedSMSC}
	for word, link := range k.SMSC {
		links["smsc."+word] = link
	}
	return links
}

// ValidatePattern reports what is wrong with an address that has escapes of Kannel's, such as http://host/path?from=%p.
// They may not stand in front of the path: what a phone writes must not decide who is called.
func ValidatePattern(report func(field, problem string), field, pattern string) {
	scheme, rest, _ := strings.Cut(pattern, "://")
	host, _, _ := strings.Cut(rest, "/")
	if strings.Contains(host[strings.LastIndexByte(host, '@')+1:], "%") {
		report(field, fmt.Sprintf("%.100q has an escape in front of its path", pattern))
		return
	}
	var filled strings.Builder
	for i := 0; i < len(rest); i++ {
		if rest[i] != '%' {
			filled.WriteByte(rest[i])
			continue
		}
		filled.WriteByte('0')
		i++
	}
	if scheme != "" {
		scheme += "://"
	}
	ValidateURL(report, field, scheme+filled.String())
}
