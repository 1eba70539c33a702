package gateway

import (
	"crypto/sha256"
	"encoding/binary"

	"kurir/account"
	"kurir/message"
	"kurir/store"
)

// What a recipient, or a country, may have of an account in an hour each gateway
// counts in memory (traffic.go). Where several use one database, the commit counts
// it once more, in rows of table allowance, which is what decides.

// The kinds of such rows; the period is who it is that had it.
const (
	hourlyRecipient = 2
	hourlyCountry   = 3
)

// hourly is such a limit on one message.
type hourly struct {
	key     store.AllowanceKey
	most    int
	country string // empty: it is the recipient's
}

// hourlyOf says what limits of an hour a message counts on.
func hourlyOf(snap *Snapshot, m *message.Message, set *account.Traffic) (list []hourly) {
	if set.RecipientHour != 0 {
		h := sha256.Sum256([]byte(m.To.Number))
		key := store.AllowanceKey{Account: m.Account, Kind: hourlyRecipient, Period: int(binary.BigEndian.Uint64(h[:]) >> 1)}
		list = append(list, hourly{key: key, most: set.RecipientHour})
	}
	if len(set.CountryHour) == 0 {
		return list
	}
	country := snap.Networks.Of(m.To).Country
	most, limited := countryMost(set, country)
	if !limited {
		return list
	}
	place := 0
	for i := range len(country) {
		place = place<<8 | int(country[i])
	}
	return append(list, hourly{store.AllowanceKey{Account: m.Account, Kind: hourlyCountry, Period: place}, most, country})
}

// failure says that a limit is reached.
func (h *hourly) failure(m *message.Message) *message.Failure {
	if h.country == "" {
		return recipientHadEnough(m, h.most)
	}
	return countryHadEnough(h.country, h.most)
}

// hadInHour is what the database, and what was found to hold, say of such a limit in this hour.
func (j *judge) hadInHour(key store.AllowanceKey) *store.Allowance {
	a := j.hours[key]
	if a == nil {
		a = &store.Allowance{AllowanceKey: key, Since: j.now.Unix() / 3600 * 3600_000}
		if row, known := j.found.Allowances[key]; known && row.Since >= a.Since { // another gateway's clock may be ahead
			*a = row
		}
		if j.hours == nil {
			j.hours = map[store.AllowanceKey]*store.Allowance{}
		}
		j.hours[key] = a
	}
	return a
}

// hourly says that the k-th message of an acceptance is one too many in this hour.
func (j *judge) hourly(a *acceptance, k int) *message.Failure {
	if a.repeats == nil {
		return nil
	}
	for i := range a.repeats[k].hours {
		h := &a.repeats[k].hours[i]
		if j.hadInHour(h.key).Used >= int64(h.most) {
			return h.failure(a.entries[k].m)
		}
	}
	return nil
}

// inHour counts the k-th message of an acceptance, or with -1 takes that back.
func (j *judge) inHour(a *acceptance, k int, n int64) {
	if a.repeats == nil {
		return
	}
	for i := range a.repeats[k].hours {
		j.hadInHour(a.repeats[k].hours[i].key).Used += n
	}
}
