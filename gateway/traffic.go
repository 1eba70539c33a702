package gateway

import (
	"hash/maphash"
	"math"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kurir/account"
	"kurir/alarm"
	"kurir/message"
)

// traffic counts what goes to recipients and countries for accounts that limit
// or watch that. It is in memory only, and bounded.
type traffic struct {
	on       atomic.Bool // an account has traffic
	seed     maphash.Seed
	mu       sync.Mutex
	accounts map[string]*trafficCount
	kept     int // entries of all maps of all accounts
	dropped  atomic.Int64
}

// trafficMost is how many recipients, texts and series all accounts together may
// have in memory, some 50 octets each; beyond that what is new is not watched.
const trafficMost = 1_000_000

// trafficCount is what one account sent lately.
type trafficCount struct {
	began      int64                    // Unix hours
	hour       int64                    // Unix hours, of recipients, series and hour counts of countries
	recipients map[uint64]int32         // messages of the hour
	series     map[seriesKey]uint64     // numbers that had the text, a bit each
	countries  map[string]*countryCount // since the start
	texts      [2]map[uint64]int64      // Unix milliseconds at which a text went to a recipient; the second is the older
	turned     int64                    // Unix milliseconds at which texts was turned
}

// seriesKey is one text and 64 numbers that follow one another.
type seriesKey struct{ text, block uint64 }

// countryCount is what goes to one country.
type countryCount struct {
	now   int     // of this hour
	usual float64 // messages of an hour before, newer ones weigh more
	hours int     // that usual is made of
	told  bool    // in this hour
}

const (
	growthLeast = 100 // messages of an hour that are an alarm
	growthHours = 2   // after which the usual is known
	usualHours  = 24  // over which it is a mean, about
)

// installTraffic follows a new configuration; the lock of the gateway is held.
func (g *Gateway) installTraffic(s *Snapshot) {
	on := slices.ContainsFunc(s.Accounts.All(), func(a *account.Account) bool { return a.Traffic != nil && a.Traffic.Watches() })
	t := &g.traffic
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.accounts == nil {
		t.accounts, t.seed = map[string]*trafficCount{}, maphash.MakeSeed()
	}
	for name, c := range t.accounts {
		if a := s.Accounts.ByName(name); a == nil || a.Traffic == nil {
			t.kept -= c.entries()
			delete(t.accounts, name)
		}
	}
	t.on.Store(on)
}

func (c *trafficCount) entries() int {
	return len(c.recipients) + len(c.series) + len(c.texts[0]) + len(c.texts[1])
}

// opened says that a recipient's country is closed to an account, nil if it is
// not.
func (s *Snapshot) opened(a *account.Account, to message.Address) *message.Failure {
	if len(a.Traffic.Countries) == 0 || to.TON != message.TONInternational {
		return nil
	}
	country := s.Networks.Of(to).Country
	switch {
	case slices.Contains(a.Traffic.Countries, country):
		return nil
	case country == "":
		return message.Fail(message.NotOpened, "to", "the recipient %s is in no country that is known; the account may write to %s", to, strings.Join(a.Traffic.Countries, ", "))
	}
	return message.Fail(message.NotOpened, "to", "the recipient %s is in %s; the account may write to %s", to, country, strings.Join(a.Traffic.Countries, ", "))
}

// watch counts a message that is about to be accepted, or says why it is too much.
func (g *Gateway) watch(snap *Snapshot, m *message.Message, sub *Submission, now time.Time) *message.Failure {
	set := sub.Account.Traffic
	if set == nil || sub.Answer || sub.Resent != 0 {
		return nil
	}
	t := &g.traffic
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.count(m.Account, set, now)
	text, to := t.textKey(m), t.toKey(m)
	if set.Repeats != 0 {
		for _, texts := range c.texts {
			if at, ok := texts[text]; ok && now.UnixMilli()-at < set.Repeats.Milliseconds() {
				ago := now.Sub(time.UnixMilli(at)).Round(time.Second)
				return repeatedFailure(m, ago, set.Repeats)
			}
		}
	}
	if set.RecipientHour != 0 && int(c.recipients[to]) >= set.RecipientHour {
		return recipientHadEnough(m, set.RecipientHour)
	}
	country := ""
	if set.Growth != 0 || len(set.CountryHour) > 0 {
		country = snap.Networks.Of(m.To).Country
	}
	if f := c.countCountry(set, country, m, g.opt.Alarms, now); f != nil {
		return f
	}
	if set.RecipientHour != 0 {
		if _, known := c.recipients[to]; known || t.room() {
			c.recipients[to]++
		}
	}
	if set.Repeats != 0 {
		if _, known := c.texts[0][text]; known || t.room() {
			c.texts[0][text] = now.UnixMilli()
		}
	}
	if set.Series != 0 {
		t.countSeries(c, set, m, g.opt.Alarms, now)
	}
	return nil
}

func recipientHadEnough(m *message.Message, most int) *message.Failure {
	return message.Fail(message.LimitReached, "to", "the recipient %s has had %d messages in this hour, as many as one may be sent", m.To, most)
}

func countryHadEnough(country string, had int) *message.Failure {
	return message.Fail(message.LimitReached, "to", "the account has sent %d messages to %s in this hour, as many as it may", had, country)
}

// countryMost is how many messages may go to a country in an hour; false for any number.
func countryMost(set *account.Traffic, country string) (most int, limited bool) {
	if most, limited = set.CountryHour[country]; !limited {
		most, limited = set.CountryHour[account.EachOther]
	}
	return most, limited && country != ""
}

func repeatedFailure(m *message.Message, ago, within time.Duration) *message.Failure {
	return message.Fail(message.Repeated, "text", "the same text went to %s %s ago; the account's repeats are suppressed for %s", m.To, ago, within)
}

// room tells whether one entry more may be kept, and takes its place.
func (t *traffic) room() bool {
	if t.kept >= trafficMost {
		t.dropped.Add(1)
		return false
	}
	t.kept++
	return true
}

// count gives what an account sent lately, with what is over forgotten.
func (t *traffic) count(name string, set *account.Traffic, now time.Time) *trafficCount {
	c := t.accounts[name]
	if c == nil {
		c = &trafficCount{countries: map[string]*countryCount{}, recipients: map[uint64]int32{}, series: map[seriesKey]uint64{}}
		c.texts[0], c.texts[1] = map[uint64]int64{}, map[uint64]int64{}
		c.began, c.hour, c.turned = now.Unix()/3600, now.Unix()/3600, now.UnixMilli()
		t.accounts[name] = c
	}
	if hour := now.Unix() / 3600; hour != c.hour {
		t.kept -= len(c.recipients) + len(c.series)
		c.recipients, c.series = map[uint64]int32{}, map[seriesKey]uint64{}
		for _, cc := range c.countries {
			cc.hourOver(hour - c.hour)
		}
		c.hour = hour
	}
	if age := now.UnixMilli() - c.turned; set.Repeats != 0 && (age >= set.Repeats.Milliseconds() || age < 0) {
		t.kept -= len(c.texts[1])
		c.texts[0], c.texts[1], c.turned = map[uint64]int64{}, c.texts[0], now.UnixMilli()
	}
	return c
}

// hourOver books that an hour is over, and that more may have passed since.
func (c *countryCount) hourOver(passed int64) {
	for range min(max(1, passed), 2*usualHours) {
		c.hours++
		c.usual += (float64(c.now) - c.usual) / float64(min(c.hours, usualHours))
		c.now = 0
	}
	c.told = false
}

// countCountry counts a message to a country, or says that it has had its share.
func (c *trafficCount) countCountry(set *account.Traffic, country string, m *message.Message, alarms *alarm.Book, now time.Time) *message.Failure {
	if country == "" {
		return nil
	}
	cc := c.countries[country]
	if cc == nil {
		cc = &countryCount{hours: int(max(0, c.hour-c.began))} // it had none in these hours
		c.countries[country] = cc
	}
	if most, limited := countryMost(set, country); limited && cc.now >= most {
		return countryHadEnough(country, cc.now)
	}
	cc.now++
	if set.Growth != 0 && !cc.told && cc.hours >= growthHours && cc.now >= growthLeast && float64(cc.now) > float64(set.Growth)*cc.usual {
		cc.told = true
		alarms.Note(now, alarm.Traffic, m.Account+" to "+country,
			alarm.Say("traffic_growth", m.Account, cc.now, country, int(math.Round(cc.usual))))
	}
	return nil
}

// countSeries looks whether one text goes to numbers that follow one another.
func (t *traffic) countSeries(c *trafficCount, set *account.Traffic, m *message.Message, alarms *alarm.Book, now time.Time) {
	number, ok := numberOf(m.To)
	if !ok || m.Content.Text == "" {
		return
	}
	key := seriesKey{t.shapeOf(m.Content.Text), number / 64}
	had, known := c.series[key]
	if !known && !t.room() {
		return
	}
	has := had | 1<<(number%64)
	c.series[key] = has
	if n := bits.OnesCount64(has); n == set.Series && bits.OnesCount64(had) < n {
		alarms.Note(now, alarm.Traffic, m.Account+" to numbers in a row",
			alarm.Say("traffic_series", m.Account, n, "+"+m.To.Number))
	}
}

// numberOf gives an international number as an integer.
func numberOf(a message.Address) (n uint64, ok bool) {
	if a.TON != message.TONInternational || len(a.Number) > 15 || !message.AllDigits(a.Number) {
		return 0, false
	}
	for i := range len(a.Number) {
		n = n*10 + uint64(a.Number[i]-'0')
	}
	return n, true
}

// shapeOf is a number for a text without its digits, so that codes in it do not
// count.
func (t *traffic) shapeOf(text string) uint64 {
	var h maphash.Hash
	h.SetSeed(t.seed)
	for i := range len(text) {
		if c := text[i]; c < '0' || c > '9' {
			_ = h.WriteByte(c)
		}
	}
	return h.Sum64()
}

// textKey is a number for recipient and content.
func (t *traffic) textKey(m *message.Message) uint64 {
	var h maphash.Hash
	h.SetSeed(t.seed)
	for _, s := range []string{m.To.Number, m.Content.Text} {
		_, _ = h.WriteString(s)
		_ = h.WriteByte(0)
	}
	_, _ = h.Write(m.Content.Data)
	_ = h.WriteByte(0)
	_, _ = h.Write(m.Content.Header)
	return h.Sum64()
}

func (t *traffic) toKey(m *message.Message) uint64 { return maphash.String(t.seed, m.To.Number) }

// unwatch forgets a message that was refused after all: its text may come again,
// and its recipient and country have not had it.
func (g *Gateway) unwatch(m *message.Message) {
	t := &g.traffic
	if !t.on.Load() {
		return
	}
	country := g.snap.Load().Networks.Of(m.To).Country
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.accounts[m.Account]
	if c == nil {
		return
	}
	if n := c.recipients[t.toKey(m)]; n > 0 {
		c.recipients[t.toKey(m)] = n - 1
	}
	if cc := c.countries[country]; cc != nil && cc.now > 0 {
		cc.now--
	}
	key := t.textKey(m)
	for _, texts := range c.texts {
		if _, ok := texts[key]; ok {
			delete(texts, key)
			t.kept--
		}
	}
}
