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
	if _, err := time.LoadLocation(s.Zone); err != nil {
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
	i := slices.IndexFunc(snap.Series, func(s Series) bool { return s.Name == in.Series })
	if i < 0 {
		in.Series = ""
		return
	}
	s := &snap.Series[i]
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		zone = time.UTC
	}
	n := g.series[s.Name]
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
	g.series[s.Name] = n
	g.cur.count(n)
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
	list := make([]SeriesState, len(snap.Series))
	for i := range snap.Series {
		s := &list[i]
		s.Series = snap.Series[i]
		n := g.series[s.Name]
		if s.Last = n.Last; n.Last > 0 {
			s.Shown, _ = s.label(n.Last, int(n.Period))
		}
	}
	return list
}
