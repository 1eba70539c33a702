package web

import (
	"math"
	"strconv"
	"strings"
)

// chart is a report as a picture, drawn on the server: it needs no script and prints as it is shown. Over time it has a column
// for each period, else a bar for each row. The table under it has the same figures.
type chart struct {
	Width, Height int
	Words, Unit   string // what it shows, and what its scale counts
	Bars          []chartBar
	Lines         []chartLine // of the scale
	Labels        []chartText
	Keys          []chartKey
	More          int // rows that have no bar
}

type chartBar struct {
	X, Y, Width, Height string
	Class, Words        string
}

type chartLine struct{ X1, Y1, X2, Y2 string }

type chartText struct{ X, Y, Anchor, Words string }

// chartKey says what a colour means.
type chartKey struct{ Class, Words string }

// Sizes of a chart, in its own units.
const (
	chartWidth   = 960
	chartHeight  = 280
	chartLeft    = 64  // room for the scale
	chartNames   = 220 // room for names of bars
	chartBottom  = 28
	chartTop     = 10
	chartBarHigh = 26
	chartMost    = 25 // bars
)

// chartOf draws rows; nil where there is nothing to show.
func (v *visit) chartOf(ask *reportAsk, columns []figure, rows []row) *chart {
	top, overTime := 0.0, ask.by == "period" || ask.by == "day" || ask.by == "month"
	for _, r := range rows {
		top = max(top, ask.report.total(r))
	}
	if top == 0 {
		return nil
	}
	c := &chart{Width: chartWidth, Words: v.words(v.lang(), ask.report.words), Unit: v.words(v.lang(), ask.report.unit)}
	for _, b := range ask.report.chart {
		c.Keys = append(c.Keys, chartKey{b.class, v.words(v.lang(), b.words)})
	}
	step := niceStep(top)
	top = math.Ceil(top/step) * step
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = v.rowName(columns, r)
	}
	if overTime {
		c.columns(v, ask, rows, names, top, step)
	} else {
		c.bars(v, ask, rows, names, top, step)
	}
	return c
}

// rowName names a row by what it is of.
func (v *visit) rowName(columns []figure, r row) string {
	var parts []string
	for _, c := range columns {
		if c.kind == aName && c.field != "currency" && (c.field != "network" || r.text("network_name") == "") {
			parts = append(parts, v.figure(c, r))
		}
	}
	return strings.Join(parts, " · ")
}

// total is how long the bar of a row is: seconds for times, minutes for seconds, else the number.
func (r *report) total(of row) (sum float64) {
	for _, b := range r.chart {
		sum += r.value(of, b.field)
	}
	return sum
}

func (r *report) value(of row, field string) float64 {
	n, _ := strconv.ParseFloat(of.text(field), 64)
	switch {
	case strings.HasSuffix(field, "_ms"):
		n /= 1000
	case strings.HasSuffix(field, "_s"):
		n /= 60
	}
	return max(n, 0)
}

// niceStep gives a step of a scale with about four lines up to top.
func niceStep(top float64) float64 {
	rough := top / 4
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, m := range []float64{1, 2, 5} {
		if rough <= m*power {
			return m * power
		}
	}
	return 10 * power
}

// columns draws a column for each row, from left to right.
func (c *chart) columns(v *visit, ask *reportAsk, rows []row, names []string, top, step float64) {
	c.Height = chartHeight
	high, wide := float64(chartHeight-chartTop-chartBottom), float64(chartWidth-chartLeft)/float64(len(rows))
	for at := 0.0; at <= top+step/2; at += step {
		y := chartTop + high*(1-at/top)
		c.Lines = append(c.Lines, chartLine{at1(chartLeft), at1(y), at1(chartWidth), at1(y)})
		c.Labels = append(c.Labels, chartText{at1(chartLeft - 8), at1(y + 4), "end", scaleText(at)})
	}
	every := max(1, (len(rows)+7)/8)
	for i, r := range rows {
		x, y := chartLeft+wide*float64(i), chartTop+high
		for _, b := range ask.report.chart {
			n := ask.report.value(r, b.field)
			if n == 0 {
				continue
			}
			h := high * n / top
			y -= h
			c.Bars = append(c.Bars, chartBar{at1(x + wide*.1), at1(y), at1(wide * .8), at1(h), b.class, names[i] + ": " + v.words(v.lang(), b.words) + " " + v.barText(ask, b, r)})
		}
		if i%every == 0 {
			c.Labels = append(c.Labels, chartText{at1(x + wide/2), at1(chartHeight - 8), "middle", shortPeriod(names[i])})
		}
	}
}

// bars draws a bar for each of the first rows, from top to bottom.
func (c *chart) bars(v *visit, ask *reportAsk, rows []row, names []string, top, step float64) {
	shown := min(len(rows), chartMost)
	c.More = len(rows) - shown
	bottom := float64(chartTop + shown*chartBarHigh)
	c.Height = int(bottom) + chartBottom
	wide := float64(chartWidth - chartNames - 40)
	for at := 0.0; at <= top+step/2; at += step {
		x := chartNames + wide*at/top
		c.Lines = append(c.Lines, chartLine{at1(x), at1(chartTop), at1(x), at1(bottom)})
		c.Labels = append(c.Labels, chartText{at1(x), at1(bottom + 18), "middle", scaleText(at)})
	}
	for i, r := range rows[:shown] {
		x, y := float64(chartNames), float64(chartTop+i*chartBarHigh)
		c.Labels = append(c.Labels, chartText{at1(chartNames - 10), at1(y + 17), "end", shortened(names[i], 30)})
		for _, b := range ask.report.chart {
			w := wide * ask.report.value(r, b.field) / top
			if w == 0 {
				continue
			}
			c.Bars = append(c.Bars, chartBar{at1(x), at1(y + 4), at1(w), at1(chartBarHigh - 8), b.class, names[i] + ": " + v.words(v.lang(), b.words) + " " + v.barText(ask, b, r)})
			x += w
		}
	}
}

// barText shows the figure of a bar as the table does.
func (v *visit) barText(ask *reportAsk, b bar, r row) string {
	for _, f := range ask.report.figures {
		if f.field == b.field {
			return v.figure(f, r)
		}
	}
	return r.text(b.field)
}

// at1 writes a place in a chart.
func at1(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

// scaleText writes a number of a scale.
func scaleText(n float64) string {
	switch {
	case n >= 1e6:
		return strconv.FormatFloat(n/1e6, 'f', -1, 32) + "\u202fM"
	case n >= 1e4:
		return strconv.FormatFloat(n/1e3, 'f', -1, 32) + "\u202fk"
	}
	return strconv.FormatFloat(n, 'f', -1, 32)
}

// shortPeriod leaves out of a period what its neighbours have too: the year of a day, the day of an hour.
func shortPeriod(name string) string {
	if _, hour, found := strings.Cut(name, "T"); found {
		return hour[:min(5, len(hour))]
	}
	if len(name) == len("2006-01-02") {
		return name[5:]
	}
	return name
}

func shortened(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
