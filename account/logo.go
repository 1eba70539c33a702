package account

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

// Bounds of a logo as it is kept.
const (
	MaxLogo       = 40 << 10 // octets
	MaxLogoPixels = 1024     // wide, and high
)

// Bounds of a picture that is uploaded, and of the logo that is made of it.
const (
	MaxPicture       = 768 << 10 // octets, so that it fits into a request
	maxPicturePixels = 2048      // wide, and high: 32 MiB of memory at most
	logoWide         = 480
	logoHigh         = 96
)

// ReadLogo gives the picture of a logo as it stands in the configuration, and its media type. It has been decoded as a whole, so
// that what is served is a picture and nothing else. The error says what is wrong with it.
func ReadLogo(text string) (body []byte, media string, err error) {
	if len(text) > 2*MaxLogo {
		return nil, "", fmt.Errorf("is too large; at most %d octets are possible", MaxLogo)
	}
	if body, err = base64.StdEncoding.DecodeString(text); err != nil {
		return nil, "", errors.New("is no picture in base64")
	}
	if len(body) > MaxLogo {
		return nil, "", fmt.Errorf("has %d octets; at most %d are possible", len(body), MaxLogo)
	}
	_, media, err = DecodePicture(body, MaxLogoPixels)
	return body, media, err
}

// DecodePicture decodes a PNG or JPEG picture of at most so many pixels wide and high, and gives its media type.
func DecodePicture(body []byte, most int) (image.Image, string, error) {
	size, form, err := image.DecodeConfig(bytes.NewReader(body))
	if err != nil || form != "png" && form != "jpeg" {
		return nil, "", errors.New("is no PNG or JPEG picture")
	}
	if size.Width > most || size.Height > most || size.Width < 1 || size.Height < 1 {
		return nil, "", fmt.Errorf("is %d by %d pixels; at most %d by %d are possible", size.Width, size.Height, most, most)
	}
	picture, _, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, "", errors.New("is a picture that is damaged")
	}
	return picture, "image/" + form, nil
}

// MakeLogo makes a logo for the configuration, in base64, of a picture that is uploaded: decoded, made small enough, and written anew,
// so that nothing is left of the file but the picture. An SVG is refused: it is a document that can have scripts.
func MakeLogo(body []byte) (string, error) {
	if len(body) > MaxPicture {
		return "", fmt.Errorf("has %d octets; at most %d are possible", len(body), MaxPicture)
	}
	picture, _, err := DecodePicture(body, maxPicturePixels)
	if err != nil {
		return "", err
	}
	for wide, high := logoWide, logoHigh; ; wide, high = wide*3/4, high*3/4 {
		small := shrink(picture, wide, high)
		var out bytes.Buffer
		if err = png.Encode(&out, small); err == nil && out.Len() > MaxLogo && small.Opaque() {
			out.Reset()
			err = jpeg.Encode(&out, small, &jpeg.Options{Quality: 85})
		}
		if err != nil {
			return "", fmt.Errorf("write the logo: %w", err)
		}
		if out.Len() <= MaxLogo {
			return base64.StdEncoding.EncodeToString(out.Bytes()), nil
		}
	}
}

// shrink gives a picture that is at most so wide and high, each pixel the mean of those that it stands for.
func shrink(from image.Image, wide, high int) *image.NRGBA {
	size := from.Bounds()
	w, h := size.Dx(), size.Dy()
	if w > wide {
		w, h = wide, max(1, h*wide/w)
	}
	if h > high {
		w, h = max(1, w*high/h), high
	}
	to := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			to.Set(x, y, mean(from, image.Rect(
				size.Min.X+x*size.Dx()/w, size.Min.Y+y*size.Dy()/h,
				size.Min.X+(x+1)*size.Dx()/w, size.Min.Y+(y+1)*size.Dy()/h,
			)))
		}
	}
	return to
}

// mean gives the mean colour of a part of a picture.
func mean(from image.Image, of image.Rectangle) color.Color {
	var r, g, b, a, n uint64
	for y := of.Min.Y; y < of.Max.Y; y++ {
		for x := of.Min.X; x < of.Max.X; x++ {
			pr, pg, pb, pa := from.At(x, y).RGBA()
			r, g, b, a, n = r+uint64(pr), g+uint64(pg), b+uint64(pb), a+uint64(pa), n+1
		}
	}
	return color.RGBA64{uint16(r / n), uint16(g / n), uint16(b / n), uint16(a / n)}
}
