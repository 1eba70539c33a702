package config

import (
	"fmt"
	"os"
	"strings"

	"kurir/route"
)

// Networks is the table of networks by number.
type Networks struct {
	// File is the table as CSV: the first line names the columns prefix, mcc, mnc, network and country; docs/numbers.md
	// describes them. Read at start and reload. Empty: only countries are known.
	File string `yaml:"file"`
	// CSV is the table itself, written as in a file.
	CSV string `yaml:"csv"`

	table *route.Networks
}

// Table gives the table, which knows countries in any case.
func (n *Networks) Table() *route.Networks {
	if n == nil || n.table == nil {
		return route.NewNetworks(nil)
	}
	return n.table
}

// readNetworks reads the file of the table and reports mistakes in it with its lines.
func (d *decoder) readNetworks(n *Networks) {
	switch {
	case n == nil || n.File == "" && n.CSV == "":
	case n.File != "" && n.CSV != "":
		d.report("networks.csv", "is given beside file; one of them is expected")
	case n.CSV != "":
		list, mistakes := route.ReadNetworks(strings.NewReader(n.CSV))
		for _, m := range mistakes {
			d.report("networks.csv", fmt.Sprintf("line %d: %s", m.Line, m.Text))
		}
		n.table = route.NewNetworks(list)
	default:
		file := d.openList(n.File, "networks.file")
		if file == nil {
			return
		}
		defer file.Close()
		list, mistakes := route.ReadNetworks(file)
		for _, m := range mistakes {
			d.errors = append(d.errors, Error{File: n.File, Line: m.Line, Column: 1, Text: m.Text})
		}
		n.table = route.NewNetworks(list)
	}
}

// openList opens a file of many lines, or reports why it cannot.
func (d *decoder) openList(name, field string) *os.File {
	file, err := os.Open(name)
	if err != nil {
		d.report(field, quote(name)+" "+plain(err))
		return nil
	}
	info, err := file.Stat()
	switch {
	case err != nil:
		d.report(field, quote(name)+" "+plain(err))
	case info.IsDir():
		d.report(field, quote(name)+" is a folder")
	case info.Size() > maxListFile:
		d.report(field, "is larger than 512 MiB")
	default:
		return file
	}
	_ = file.Close()
	return nil
}
