package route

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"kurir/message"
)

// Mistake is what is wrong with a line of a table of networks.
type Mistake struct {
	Line int // from 1
	Text string
}

// The columns of a table of networks; the first is required.
var networkColumns = []string{"prefix", "mcc", "mnc", "network", "country"}

// mostMistakes is how many mistakes of one table are told; a file of another kind would have one in every line.
const mostMistakes = 100

// ReadNetworks reads the lines of a table of networks:
//
//	prefix,mcc,mnc,network,country
//	46701,240,01,Telia,SE
//
// The first line names the columns, in any order; all but prefix may be left out or empty. A prefix is the beginning of
// numbers with country code, with or without +. mcc has three digits, mnc two or three; mccmnc in one
// column mcc will do. country is two letters (ISO 3166-1); without it, it is known by the prefix. With mistakes it
// returns them, in the order of their lines, at most a hundred, and no table.
func ReadNetworks(r io.Reader) ([]NetworkPrefix, []Mistake) {
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = -1
	lines.ReuseRecord = true
	var t networkReader
	for len(t.mistakes) < mostMistakes {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var parse *csv.ParseError
		if errors.As(err, &parse) {
			t.wrong(parse.Line, "is no CSV: %v", parse.Err)
			break // where the next line begins is not known
		}
		if err != nil {
			t.wrong(1, "cannot be read: %v", err)
			break
		}
		line, _ := lines.FieldPos(0)
		if t.at == nil {
			if !t.header(line, fields) {
				break
			}
			continue
		}
		t.row(line, fields)
	}
	if t.at == nil && len(t.mistakes) == 0 {
		t.wrong(1, "the file is empty; its first line names the columns: %s", strings.Join(networkColumns, ","))
	}
	if len(t.mistakes) > 0 {
		return nil, t.mistakes
	}
	return t.list, nil
}

// networkReader reads the lines of one table.
type networkReader struct {
	at       map[string]int // columns
	list     []NetworkPrefix
	mistakes []Mistake
}

func (t *networkReader) wrong(line int, format string, args ...any) {
	t.mistakes = append(t.mistakes, Mistake{line, fmt.Sprintf(format, args...)})
}

func (t *networkReader) header(line int, fields []string) bool {
	at := map[string]int{}
	for i, name := range fields {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if _, twice := at[name]; twice || !slices.Contains(networkColumns, name) {
			t.wrong(line, "there is no column %.40q, or it is there twice; there are %s", name, strings.Join(networkColumns, ", "))
			return false
		}
		at[name] = i
	}
	if _, ok := at["prefix"]; !ok {
		t.wrong(line, "the column prefix is missing")
		return false
	}
	t.at = at
	return true
}

func (t *networkReader) row(line int, fields []string) {
	get := func(column string) string {
		if i, ok := t.at[column]; ok && i < len(fields) {
			return strings.TrimSpace(fields[i])
		}
		return ""
	}
	p := NetworkPrefix{
		Prefix:  strings.TrimPrefix(get("prefix"), "+"),
		Network: Network{Country: strings.ToUpper(strings.Clone(get("country"))), Code: get("mcc") + get("mnc"), Name: strings.Clone(get("network"))},
	}
	p.Prefix = strings.Clone(p.Prefix)
	switch {
	case !message.AllDigits(p.Prefix) || p.Prefix[0] == '0' || len(p.Prefix) > maxDigits:
		t.wrong(line, "prefix: %.40q is no beginning of numbers with country code, such as 46701", get("prefix"))
	case p.Code != "" && (!message.AllDigits(p.Code) || len(p.Code) < 5 || len(p.Code) > 6):
		t.wrong(line, "mcc, mnc: %.40q is no network of three and two or three digits (ITU-T E.212), such as 240 and 01", p.Code)
	case p.Country != "" && !IsCountry(p.Country):
		t.wrong(line, "country: %.40q is no country of two letters (ISO 3166-1) that is known here", p.Country)
	case message.NameProblem(p.Name) != "":
		t.wrong(line, "network: %s", message.NameProblem(p.Name))
	default:
		t.list = append(t.list, p)
	}
}
