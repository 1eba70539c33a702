package route

import (
	"slices"
	"sync/atomic"

	"kurir/message"
)

// Network is an operator's network, or the country alone where no more is known.
type Network = message.Network

// NetworkPrefix says to which network numbers that begin so belong.
type NetworkPrefix struct {
	Prefix string // digits with country code
	Network
}

// Networks finds country and network of a number by its longest known beginning. Countries are known by a built-in table.
// But for Overlay it does not change, and it is safe for concurrent use; a nil one knows nothing. A prefix takes twelve octets.
type Networks struct {
	levels   [maxDigits + 1]prefixLevel // by digits of the prefix
	calling  [maxDigits + 1]prefixLevel // of them those of countries
	networks []Network
	builtIn  uint32 // of networks, those of countries that the list says nothing of; they come first
	rows     int
	over     atomic.Pointer[Networks] // counts before this one; nil for none
}

// prefixLevel is the prefixes of one length.
type prefixLevel struct {
	keys []uint64 // sorted
	at   []uint32 // of their networks, in the same order
}

// NewNetworks returns a table of the countries and of these networks; of two with the same prefix the last counts. A
// network without a country has that of its prefix.
func NewNetworks(list []NetworkPrefix) *Networks {
	n := &Networks{rows: len(list)}
	at := map[Network]uint32{}
	index := func(net Network) uint32 {
		i, ok := at[net]
		if !ok {
			i = uint32(len(n.networks))
			at[net], n.networks = i, append(n.networks, net)
		}
		return i
	}
	var all [maxDigits + 1]map[uint64]uint32
	put := func(prefix string, net Network) {
		if all[len(prefix)] == nil {
			all[len(prefix)] = map[uint64]uint32{}
		}
		all[len(prefix)][prefixKey(prefix)] = index(net)
	}
	eachCountryPrefix(func(prefix, country string) { put(prefix, Network{Country: country}) })
	n.build(&all)
	n.calling, n.builtIn = n.levels, uint32(len(n.networks))
	clear(at)
	for _, p := range list {
		if p.Country == "" {
			p.Country = n.find(p.Prefix).Country
		}
		put(p.Prefix, p.Network)
	}
	n.build(&all)
	return n
}

// build sorts the prefixes of each length.
func (n *Networks) build(all *[maxDigits + 1]map[uint64]uint32) {
	for length, prefixes := range all {
		l := prefixLevel{keys: make([]uint64, 0, len(prefixes)), at: make([]uint32, 0, len(prefixes))}
		for key := range prefixes {
			l.keys = append(l.keys, key)
		}
		slices.Sort(l.keys)
		for _, key := range l.keys {
			l.at = append(l.at, prefixes[key])
		}
		n.levels[length] = l
	}
}

func prefixKey(digits string) uint64 {
	key := uint64(0)
	for i := range len(digits) {
		key = key*10 + uint64(digits[i]-'0')
	}
	return key
}

// Of gives the network of a number with country code, or its country alone; nothing for short codes and names.
func (n *Networks) Of(a message.Address) Network {
	if n == nil || a.TON == message.TONAlphanumeric || a.TON != message.TONInternational && len(a.Number) <= maxShort || !message.AllDigits(a.Number) {
		return Network{}
	}
	if over := n.over.Load(); over != nil {
		if at, length := longest(&over.levels, a.Number); length > 0 && at >= over.builtIn {
			return over.networks[at]
		}
	}
	return n.find(a.Number)
}

// Overlay puts a table over this one: a network that it knows counts. nil takes it away.
func (n *Networks) Overlay(over *Networks) { n.over.Store(over) }

// CountryDigits is how many of the first digits of a number with country code say in which country it is; 0 if none do.
func (n *Networks) CountryDigits(digits string) int {
	if n == nil || !message.AllDigits(digits) {
		return 0
	}
	_, length := longest(&n.calling, digits)
	return length
}

// find gives the network of the longest prefix that digits begin with.
func (n *Networks) find(digits string) Network {
	if at, length := longest(&n.levels, digits); length > 0 {
		return n.networks[at]
	}
	return Network{}
}

// longest gives the network of the longest prefix that digits begin with, and its length; 0 if there is none.
func longest(levels *[maxDigits + 1]prefixLevel, digits string) (network uint32, length int) {
	length = min(len(digits), maxDigits)
	for key := prefixKey(digits[:length]); length > 0; length-- {
		l := &levels[length]
		if at, found := slices.BinarySearch(l.keys, key); found {
			return l.at[at], length
		}
		key /= 10
	}
	return 0, 0
}

// Len is how many prefixes of networks there are, besides those of countries.
func (n *Networks) Len() int {
	if n == nil {
		return 0
	}
	return n.rows
}

// Named gives the networks that have a name by their codes; of two with one code one of them.
func (n *Networks) Named() map[string]Network {
	named := map[string]Network{}
	if n == nil {
		return named
	}
	for _, table := range []*Networks{n, n.over.Load()} {
		if table == nil {
			continue
		}
		for _, net := range table.networks {
			if net.Code != "" && net.Name != "" {
				named[net.Code] = net
			}
		}
	}
	return named
}
