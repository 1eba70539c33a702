package message

import (
	"slices"
	"strings"
)

// Network is an operator's network, or the country alone where no more is known.
type Network struct {
	Country string // ISO 3166-1, two letters; empty where it is not known
	Code    string // MCC and MNC (ITU-T E.212) in five or six digits; empty where it is not known
	Name    string
}

// NetworkOf finds country and network of a number. A nil one knows nothing.
type NetworkOf func(Address) Network

// of is nothing where f is nil.
func (f NetworkOf) of(a Address) Network {
	if f == nil {
		return Network{}
	}
	return f(a)
}

// Among tells whether the network is one of those, by its code, the beginning of that (240*), or its name.
func (n Network) Among(patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		return n.Code != "" && MatchesWord(p, n.Code) || n.Name != "" && strings.EqualFold(p, n.Name)
	})
}

// String is code and name.
func (n Network) String() string { return strings.TrimSpace(n.Code + " " + n.Name) }
