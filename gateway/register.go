package gateway

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kurir/message"
	"kurir/store"
)

// Series numbers messages from phones without gaps: a rule's `do: [{register: NAME}]` gives each the next case number.
type Series struct {
	// Name by which rules name it.
	Name string `yaml:"name" example:"orders"`
	// Format is how a case number is written: {n} is the number, {n:5} with at least 5 digits, {year} the year, all else as
	// it stands. Empty: {n}.
	Format string `yaml:"format" example:"\"{year}-{n:5}\""`
	// Restart is year for a series that begins with 1 each year; its format then has {year}. Empty: it never does.
	Restart string `yaml:"restart"`
	// Zone is the time zone of the year, such as Europe/Stockholm. Empty: UTC.
	Zone string `yaml:"zone"`
	// TLV is the optional parameter by which SMPP customers get the case number: a name under tlvs, or a number such as
	// 0x1501. Empty: they do not.
	TLV string `yaml:"tlv"`

	tag uint16
}

// Resolve finds the optional parameter by the server's dictionary.
func (s *Series) Resolve(d *message.TLVDictionary, report func(field, problem string)) {
	if s.TLV == "" {
		return
	}
	var err error
	if s.tag, err = d.Tag(s.TLV); err != nil {
		report("tlv", err.Error())
	}
}

// SeriesTable is the series of a configuration. It does not change; nil has none.
type SeriesTable struct {
	list  []Series
	zones []*time.Location
}

// NewSeriesTable compiles series that Validate found nothing wrong with.
func NewSeriesTable(list []Series) *SeriesTable {
	t := &SeriesTable{list: list}
	for i := range list {
		zone, err := time.LoadLocation(list[i].Zone)
		if err != nil {
			zone = time.UTC
		}
		t.zones = append(t.zones, zone)
	}
	return t
}

// all returns the series in the order of the file.
func (t *SeriesTable) all() []Series {
	if t == nil {
		return nil
	}
	return t.list
}

const (
	restartYear   = "year"
	maxCase       = 40 // octets of a format
	maxCaseDigits = 12
)

// Validate reports what is wrong with the series.
func (s *Series) Validate(report func(field, problem string)) {
	if s.Name == "" {
		report("name", "is missing")
	} else if problem := message.NameProblem(s.Name); problem != "" {
		report("name", problem)
	}
	if _, err := s.label(1, 2000); err != nil {
		report("format", err.Error())
	}
	if s.Restart != "" && s.Restart != restartYear {
		report("restart", fmt.Sprintf("%.40q is not year; leave it out for a series that never begins anew", s.Restart))
	}
	if s.Restart == restartYear && !strings.Contains(s.Format, "{year}") {
		report("format", "lacks {year}: with restart: year numbers would come twice")
	}
	if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "Local" {
		report("zone", fmt.Sprintf("%.40q is no time zone such as Europe/Stockholm", s.Zone))
	}
}

// label writes a case number as the format says.
func (s *Series) label(n int64, year int) (string, error) {
	format, counts := s.Format, false
	if format == "" {
		format = "{n}"
	}
	if len(format) > maxCase {
		return "", fmt.Errorf("is longer than %d octets", maxCase)
	}
	if strings.ContainsFunc(format, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fmt.Errorf("has control characters")
	}
	var b strings.Builder
	for format != "" {
		text, rest, open := strings.Cut(format, "{")
		b.WriteString(text)
		if !open {
			break
		}
		field, rest, closed := strings.Cut(rest, "}")
		name, digits, wide := strings.Cut(field, ":")
		width, err := strconv.Atoi(digits)
		switch {
		case closed && field == "year":
			fmt.Fprintf(&b, "%04d", year)
		case closed && name == "n" && (!wide || err == nil && width >= 1 && width <= maxCaseDigits):
			counts = true
			fmt.Fprintf(&b, "%0*d", width, n)
		default:
			return "", fmt.Errorf("has {%.20s, and there are {n}, {n:1} to {n:%d} and {year}", field, maxCaseDigits)
		}
		format = rest
	}
	if !counts {
		return "", fmt.Errorf("lacks {n}, the number")
	}
	return b.String(), nil
}

// loadSeries reads the last numbers.
func (g *Gateway) loadSeries(ctx context.Context) error {
	list, err := g.store.Series(ctx)
	g.series = make(map[string]store.SeriesNumber, len(list))
	for _, n := range list {
		g.series[n.Name] = n
	}
	return err
}

// register gives an inbound message the next case number of its series. The number and the message are in one
// gather, which is written as a whole or not at all, again and again until it is: no number is lost and none comes
// twice. A year never goes back, whatever the clock does.
func (g *Gateway) register(snap *Snapshot, in *message.Inbound) {
	n, ok := snap.number(in, g.series[in.Series])
	if !ok {
		in.Series = ""
		return
	}
	g.series[n.Name] = n
	g.cur.count(n)
}

// number gives an inbound message the number behind the last of its series, and
// returns it; false if there is no such series.
func (s *Snapshot) number(in *message.Inbound, n store.SeriesNumber) (_ store.SeriesNumber, ok bool) {
	list := s.Series.all()
	i := slices.IndexFunc(list, func(s Series) bool { return s.Name == in.Series })
	if i < 0 {
		return n, false
	}
	return list[i].number(in, s.Series.zones[i], n), true
}

func (s *Series) number(in *message.Inbound, zone *time.Location, n store.SeriesNumber) store.SeriesNumber {
	n.Name = s.Name
	year := time.UnixMilli(in.Received).In(zone).Year()
	if s.Restart == restartYear {
		if int64(year) > n.Period {
			n.Period, n.Last = int64(year), 0
		}
		year = int(n.Period)
	}
	n.Period = int64(year)
	n.Last++
	in.Case, _ = s.label(n.Last, year)
	if s.tag != 0 {
		in.Content.Extra = withTLV(in.Content.Extra, message.TLV{Tag: s.tag, Value: []byte(in.Case)})
	}
	return n
}

// withTLV returns what SMPP says of a message with a parameter of ours, in place
// of one that the operator sent.
func withTLV(x *message.Extra, tlv message.TLV) *message.Extra {
	var with message.Extra
	if x != nil {
		with = *x
	}
	with.TLVs = slices.DeleteFunc(slices.Clone(with.TLVs), func(have message.TLV) bool { return have.Tag == tlv.Tag })
	with.TLVs = append(with.TLVs, tlv)
	return &with
}

// count notes the last number of a series.
func (b *gather) count(n store.SeriesNumber) {
	i := slices.IndexFunc(b.Series, func(have store.SeriesNumber) bool { return have.Name == n.Name })
	if i < 0 {
		b.Series = append(b.Series, n)
		return
	}
	b.Series[i] = n
}

// SeriesState is a series and its last number.
type SeriesState struct {
	Series
	Last  int64  // 0 before the first
	Shown string // the last as messages have it; empty before the first
}

// SeriesStates returns the series of the configuration in force.
func (g *Gateway) SeriesStates() []SeriesState {
	snap := g.snap.Load()
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]SeriesState, len(snap.Series.all()))
	for i := range list {
		s := &list[i]
		s.Series = snap.Series.list[i]
		n := g.series[s.Name]
		if s.Last = n.Last; n.Last > 0 {
			s.Shown, _ = s.label(n.Last, int(n.Period))
		}
	}
	return list
}
