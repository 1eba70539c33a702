package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// packed makes a workbook with some of its parts replaced.
func packed(t *testing.T, parts map[string]string) *bytes.Buffer {
	t.Helper()
	const ns = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	all := map[string]string{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`,
		"_rels/.rels":         `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":     `<workbook ` + ns + ` xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml": `<worksheet ` + ns + `><sheetData><row r="1"><c r="A1" t="s" s="1"><v>0</v></c></row></sheetData></worksheet>`,
		"xl/sharedStrings.xml":     `<sst ` + ns + `><si><t>found</t></si></sst>`,
	}
	for name, text := range parts {
		all[name] = strings.ReplaceAll(text, "NS", ns)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range all {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return &out
}

// A workbook of some kilobytes that would take gigabytes, minutes or the disk is refused before it is taken apart, and leaves no
// temporary file.
func TestWorkbookBombs(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	l := Limits{Octets: 1 << 20, Rows: 100, Columns: 50, Cell: 1000}
	if got, err := upload(packed(t, nil), l); err != nil || got != "1:found" {
		t.Fatalf("the workbook itself: %s, %v", got, err)
	}
	parts := map[string]string{}
	for i := range mostParts {
		parts[fmt.Sprint("part", i)] = ""
	}
	for name, bomb := range map[string]map[string]string{
		"texts":      {"xl/sharedStrings.xml": `<sst NS>` + strings.Repeat("<si/>", 600_000) + `</sst>`},
		"cells":      {"xl/worksheets/sheet1.xml": `<worksheet NS><sheetData><row>` + strings.Repeat("<c/>", 600_000) + `</row></sheetData></worksheet>`},
		"styles":     {"xl/styles.xml": `<styleSheet NS><fonts>` + strings.Repeat("<font/>", 400_000) + `</fonts></styleSheet>`},
		"attributes": {"xl/workbook.xml": `<workbook ` + strings.Repeat(`a="" `, 400_000) + `/>`},
		"a format":   {"xl/styles.xml": `<styleSheet NS><numFmts><numFmt numFmtId="200" formatCode="` + strings.Repeat("#", 64<<10) + `"/></numFmts></styleSheet>`},
		"parts":      parts,
		"octets":     {"xl/worksheets/sheet1.xml": strings.Repeat(" ", 2<<20), "xl/media/a.bin": strings.Repeat(" ", 32<<20)},
	} {
		in := packed(t, bomb)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := upload(in, l)
		runtime.ReadMemStats(&after)
		if _, known := errors.AsType[*UploadError](err); !known {
			t.Errorf("%s: %v", name, err)
		}
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 32 {
			t.Errorf("%s: it takes %d MiB to refuse %d KiB", name, took, in.Len()>>10)
		}
		if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "excelize*")); len(left) > 0 {
			t.Errorf("%s leaves %v", name, left)
		}
	}
}

// A workbook as large as an import may be is read, its texts in a temporary file, which goes.
func TestLargeWorkbook(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	book := excelize.NewFile()
	page, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	const rows = 10_000
	for i := range rows {
		at, _ := excelize.CoordinatesToCellName(1, i+1)
		if err := page.SetRow(at, []any{fmt.Sprint("Anna Andersson ", i), "+4670" + fmt.Sprint(1000000+i), "sv", i}); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := errors.Join(page.Flush(), book.Write(&out), book.Close()); err != nil {
		t.Fatal(err)
	}
	n := 0
	err = ReadUpload(&out, Limits{Octets: 8 << 20, Rows: 100_000, Columns: 50, Cell: 1000}, func(number int, cells []string) error {
		if n++; number != n || len(cells) != 4 {
			t.Errorf("row %d: %v", number, cells)
		}
		return nil
	})
	if err != nil || n != rows {
		t.Fatalf("%d rows, %v", n, err)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "excelize*")); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}
