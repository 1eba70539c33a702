package route

import (
	"io"
	"strings"

	"kurir/message"
	"kurir/sheet"
)

// ReadNetworks reads the lines of a table of networks:
//
//	prefix,mcc,mnc,network,country
//	46701,240,01,Telia,SE
//
// The first line names the columns, in any order; all but prefix may be left out or empty. A prefix is the beginning of
// numbers with country code, with or without +. mcc has three digits, mnc two or three; mccmnc in one
// column mcc will do. country is two letters (ISO 3166-1); without it, it is known by the prefix. With mistakes it
// returns them, as sheet.Read does, and no table.
func ReadNetworks(in io.Reader) ([]NetworkPrefix, []sheet.Mistake) {
	var list []NetworkPrefix
	columns := []string{"prefix", "mcc", "mnc", "network", "country"}
	mistakes := sheet.Read(in, columns, columns[:1], func(row *sheet.Row) {
		if p := readNetwork(row); row.Good() {
			list = append(list, p)
		}
	})
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return list, nil
}

func readNetwork(row *sheet.Row) NetworkPrefix {
	p := NetworkPrefix{
		Prefix:  strings.Clone(strings.TrimPrefix(row.Get("prefix"), "+")),
		Network: Network{Country: strings.ToUpper(strings.Clone(row.Get("country"))), Code: row.Get("mcc") + row.Get("mnc"), Name: strings.Clone(row.Get("network"))},
	}
	switch {
	case !message.AllDigits(p.Prefix) || p.Prefix[0] == '0' || len(p.Prefix) > maxDigits:
		row.Wrong("prefix: %.40q is no beginning of numbers with country code, such as 46701", row.Get("prefix"))
	case p.Code != "" && (!message.AllDigits(p.Code) || len(p.Code) < 5 || len(p.Code) > 6):
		row.Wrong("mcc, mnc: %.40q is no network of three and two or three digits (ITU-T E.212), such as 240 and 01", p.Code)
	case p.Country != "" && !IsCountry(p.Country):
		row.Wrong("country: %.40q is no country of two letters (ISO 3166-1) that is known here", p.Country)
	case message.NameProblem(p.Name) != "":
		row.Wrong("network: %s", message.NameProblem(p.Name))
	}
	return p
}
