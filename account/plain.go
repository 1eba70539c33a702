package account

import (
	"net/netip"
	"slices"
)

// plainRange is a network from which requests over the plain interface are an account's without a password.
type plainRange struct {
	network netip.Prefix
	account *Account
}

// addPlain enters the networks of an account, the narrow before the wide.
func (s *Directory) addPlain(a *Account) {
	for _, network := range networksOf(a.PlainFrom) {
		s.plain = append(s.plain, plainRange{network, a})
	}
	slices.SortStableFunc(s.plain, func(x, y plainRange) int { return y.network.Bits() - x.network.Bits() })
}

// ByPlainAddress gives the account whose requests over the plain interface need no password from this address: that of the
// narrowest network that has it; nil if there is none.
func (s *Directory) ByPlainAddress(from netip.Addr) *Account {
	if s == nil {
		return nil
	}
	for _, r := range s.plain {
		if r.network.Contains(from) {
			return r.account
		}
	}
	return nil
}
