package resource

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"maps"
	"net/url"
)

// A cursor is opaque to customers: base64url of a version, the position of the last row seen as a varint, and a
// CRC-32 that also covers the noun and the order, for which alone the position has a meaning.
const cursorVersion = 1

var errCursor = errors.New("does not come from this list in this order; begin again without it")

// encodeCursor makes the cursor that goes on behind a row.
func encodeCursor(after int64, noun string, order Order) string {
	token := binary.AppendVarint([]byte{cursorVersion}, after)
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(token, cursorSum(token, noun, order)))
}

// decodeCursor gives the position in a cursor of the same noun and order.
func decodeCursor(text, noun string, order Order) (int64, error) {
	if len(text) > 64 {
		return 0, errCursor
	}
	token, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(token) < 1+1+4 || token[0] != cursorVersion {
		return 0, errCursor
	}
	body, sum := token[:len(token)-4], token[len(token)-4:]
	after, n := binary.Varint(body[1:])
	if n != len(body)-1 || binary.BigEndian.Uint32(sum) != cursorSum(body, noun, order) {
		return 0, errCursor
	}
	return after, nil
}

func cursorSum(body []byte, noun string, order Order) uint32 {
	sum := crc32.ChecksumIEEE(body)
	return crc32.Update(sum, crc32.IEEETable, []byte(noun+" "+order.String()))
}

// Cursor gives the value of the parameter cursor that goes on behind the row at a position.
func (n *Noun) Cursor(q Query, after int64) string { return encodeCursor(after, n.Name, q.Order) }

// Next gives the address of the page that follows the row at a position: the path with the parameters of this
// request and the cursor.
func (n *Noun) Next(path string, q Query, after int64) string {
	params := maps.Clone(q.params)
	if params == nil {
		params = url.Values{}
	}
	params.Set("cursor", n.Cursor(q, after))
	return path + "?" + params.Encode()
}
