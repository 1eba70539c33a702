package message

import (
	"fmt"
	"strings"
)

// Explain tells of each rule that is looked at for an address, up to the first that
// matches, what becomes of it or why the rule is not for it, and returns the address
// as it is then.
func (s *AddressRules) Explain(a, to Address, networks NetworkOf, tell func(rule int, matched bool, why string)) Address {
	if s == nil {
		return a
	}
	for i := range s.rules {
		r, p := &s.rules[i], s.patterns[i]
		if field := r.failing(a, to, networks, p); field != "" {
			tell(i, false, r.why(field, a, to, networks.of(to)))
			continue
		}
		b := r.rewrite(a, p)
		why := fmt.Sprintf("%s becomes %s", a, b)
		if a.TON != b.TON || a.NPI != b.NPI {
			why += fmt.Sprintf(", type %d and plan %d", b.TON, b.NPI)
		}
		tell(i, true, why)
		return b
	}
	return a
}

// why says in plain words which condition of the rule is not met.
func (r *AddressRule) why(field string, a, to Address, n Network) string {
	switch field {
	case "match":
		return fmt.Sprintf("%s does not match match: %s", a, r.Match)
	case "kind":
		return fmt.Sprintf("%s is of the kind %s, the rule is for kind: %s", a, kindOf(a), r.Kind)
	case "to":
		return fmt.Sprintf("recipient %s does not match to: %s", to, strings.Join(r.To, ", "))
	case "country":
		if n.Country == "" {
			return fmt.Sprintf("the country of %s is not known, the rule is for country: %s", to, strings.Join(r.Country, ", "))
		}
		return fmt.Sprintf("recipient %s is in %s, the rule is for country: %s", to, n.Country, strings.Join(r.Country, ", "))
	case "network":
		if n.Code+n.Name == "" {
			return fmt.Sprintf("the network of %s is not known, the rule is for network: %s", to, strings.Join(r.Network, ", "))
		}
		return fmt.Sprintf("recipient %s is in the network %s, the rule is for network: %s", to, n, strings.Join(r.Network, ", "))
	}
	return fmt.Sprintf("%s does not match pattern: %s", a, r.Pattern)
}
