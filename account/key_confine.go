package account

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Bequeath gives a key that is made by this one the limits which it does not have of its own: addresses and expiry.
func (k *Key) Bequeath(made *Key) {
	if len(made.Addresses) == 0 {
		made.Addresses = k.Addresses
	}
	if made.Expires == "" {
		made.Expires = k.Expires
	}
}

// Exceeds names the field by which another key may more than this one, and says what this one may; empty if it may not.
// Whoever has this key must not come by such a one.
func (k *Key) Exceeds(other *Key) (field, problem string) {
	beyond := func(s Scope) bool { return s.within(other.Scopes) && !s.within(k.Scopes) }
	if at := slices.IndexFunc(Scopes(), beyond); at >= 0 {
		return "scopes", fmt.Sprintf("the API key that asks for this has not the scope %s itself", Scopes()[at])
	}
	if len(k.Addresses) > 0 && (len(other.Addresses) == 0 || slices.ContainsFunc(networksOf(other.Addresses), k.outside)) {
		return "addresses", "the API key that asks for this may be used from " + strings.Join(k.Addresses, ", ") + " only"
	}
	if at, err := ParseExpiry(other.Expires); !k.expires.IsZero() && err == nil && (at.IsZero() || at.After(k.expires)) {
		return "expires", "the API key that asks for this expires before, at " + k.expires.UTC().Format(time.RFC3339)
	}
	return "", ""
}

// outside tells whether a network is not wholly within one from which the key is taken.
func (k *Key) outside(n netip.Prefix) bool {
	return !slices.ContainsFunc(k.networks, func(own netip.Prefix) bool { return own.Bits() <= n.Bits() && own.Contains(n.Addr()) })
}
