#!/bin/sh
# Makes test/fixtures/pictures anew: small files of every sort of PNG and JPEG that is read, some that are not, and in
# expected.json what libpng and libjpeg make of them (RGBA of 16 bits each, lower byte first, and RGB of 8; base64). Needs ImageMagick 6, libjpeg-turbo's cjpeg
# and djpeg, netpbm and perl (Debian: imagemagick libjpeg-turbo-progs netpbm perl); the tests need none of them.
set -eu
cd "$(dirname "$0")/../test/fixtures/pictures"
rm -f -- *.png *.jpg expected.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
convert=${CONVERT:-/usr/bin/convert}

# WIDTH HEIGHT MAXIMUM: ramps of three colours, and a dark patch with hard edges
ppm() {
  perl -e '
    my ($width, $height, $most) = @ARGV;
    print "P6 $width $height $most\n";
    for my $y (0 .. $height - 1) { for my $x (0 .. $width - 1) {
      my @rgb = ($x / ($width - 1), $y / ($height - 1), 1 - ($x + $y) / ($width + $height - 2));
      @rgb = (0.1, 0, 0.2) if $x > $width / 2 && $x < $width - 2 && $y > 1 && $y < $height / 2;
      print pack($most > 255 ? "n3" : "C3", map { int($most * $_ + 0.5) } @rgb);
    } }' "$1" "$2" "$3"
}

ppm 9 7 255 > "$work/8.ppm"
ppm 9 7 65535 > "$work/16.ppm"
# alpha from 0 to 1 in steps, over the colours
$convert "$work/16.ppm" \( -size 7x9 gradient: -rotate 90 -depth 16 \) -alpha off -compose CopyOpacity -composite \
  -depth 16 "$work/alpha.png"

# NAME COLOUR-TYPE DEPTH SOURCE [OPERATION ...]
png() {
  name=$1 type=$2 depth=$3 from=$4
  shift 4
  for interlace in none PNG; do
    to=png-$name
    [ $interlace = PNG ] && to=$to-interlaced
    $convert "$from" "$@" -strip -interlace $interlace -define png:color-type="$type" -define png:bit-depth="$depth" \
      -define png:exclude-chunks=all "$to.png"
  done
}
for depth in 1 2 4 8 16; do
  png "grey-$depth" 0 $depth "$work/16.ppm" -colorspace gray -auto-level -depth $depth
done
for depth in 8 16; do
  png "rgb-$depth" 2 $depth "$work/$depth.ppm"
  png "grey-alpha-$depth" 4 $depth "$work/alpha.png" -colorspace gray -depth $depth
  png "rgba-$depth" 6 $depth "$work/alpha.png" -depth $depth
done
for depth in 1 2 4 8; do
  png "palette-$depth" 3 $depth "$work/8.ppm" +dither -colors $((depth == 8 ? 60 : 1 << depth))
done

# one colour of a picture without alpha is transparent, by tRNS: that of the dark patch
for depth in 1 2 4 8 16; do
  $convert "png-grey-$depth.png" -depth $depth "$work/grey.pgm"
  pnmtopng -quiet -force -transparent rgb:00/00/00 "$work/grey.pgm" > "png-grey-$depth-key.png"
done
pnmtopng -quiet -force -transparent rgb:1a/00/33 "$work/8.ppm" > png-rgb-8-key.png
pnmtopng -quiet -force -transparent rgb:199a/0000/3333 "$work/16.ppm" > png-rgb-16-key.png
# and a palette with several alphas
$convert "$work/8.ppm" +dither -colors 6 "$work/few.ppm"
$convert "$work/alpha.png" -alpha extract -depth 2 -depth 8 "$work/few.pgm"
pnmtopng -quiet -alpha="$work/few.pgm" "$work/few.ppm" > png-palette-alpha.png

ppm 37 21 255 > "$work/jpeg.ppm"
jpeg() {
  name=$1
  shift
  cjpeg -quality 85 -dct int "$@" "$work/jpeg.ppm" > "jpeg-$name.jpg"
}
for way in baseline progressive; do
  option=-$way
  for sampling in 1x1 2x1 1x2 2x2 4x1; do jpeg "$way-$sampling" "$option" -sample $sampling; done
  jpeg "$way-uneven" "$option" -sample 2x2,1x2,2x1
  jpeg "$way-grey" "$option" -grayscale
  jpeg "$way-grey-2x2" "$option" -grayscale -sample 2x2
  jpeg "$way-grey-restarts" "$option" -grayscale -restart 4B
  jpeg "$way-restarts" "$option" -sample 2x2 -restart 1B
  jpeg "$way-restarts-3" "$option" -sample 2x2 -restart 3B
  jpeg "$way-rgb" "$option" -rgb
done
printf '0;\n1;\n2;\n' > "$work/scans"
jpeg separate-scans -scans "$work/scans" -sample 2x2
jpeg optimised -optimize
cjpeg -quality 1 -dct int -sample 1x1 "$work/jpeg.ppm" > jpeg-16-bit-tables.jpg
# RGB known by Adobe's segment alone, and by the components' names alone; YCbCr by Adobe's segment alone
perl -0pe 's/(\xff\xc0.{8})R(..)G(..)B/$1\x01$2\x02$3\x03/s; s/(\xff\xda..\x03)R(.)G(.)B/$1\x01$2\x02$3\x03/s' \
  jpeg-baseline-rgb.jpg > jpeg-rgb-by-adobe.jpg
perl -0pe 's/\xff\xee\0\x0eAdobe.{7}//s' jpeg-baseline-rgb.jpg > jpeg-rgb-by-names.jpg
perl -0pe 's/\xff\xe0\0\x10JFIF.{10}/\xff\xee\0\x0eAdobe\0d\0\0\0\0\x01/s' jpeg-baseline-1x1.jpg > jpeg-ycc-by-adobe.jpg
# JFIF overrules both
perl -0pe 's/\xff\xee/\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xee/' jpeg-baseline-rgb.jpg > jpeg-ycc-by-jfif.jpg
# four colours of Adobe's
$convert "$work/jpeg.ppm" -colorspace CMYK -quality 85 jpeg-cmyk.jpg
perl -0pe 's/(Adobe.{6})./$1\x02/s' jpeg-cmyk.jpg > jpeg-ycck.jpg

# sorts that are refused; their names say so
jpeg refused-arithmetic -arithmetic
jpeg refused-arithmetic-progressive -arithmetic -progressive
jpeg refused-restarts -progressive -sample 2x2 -restart 4B

{
  echo '{'
  separator=''
  for file in png-*.png jpeg-*.jpg; do
    case $file in
      *-refused-*) continue ;;
      # libjpeg's interpolation of chroma is switched off: jpeg-js repeats it
      *cmyk.jpg | *ycck.jpg) pixels=$(djpeg -dct int -nosmooth "$file" | tail -c $((37 * 21 * 3)) | base64 -w 0) ;;
      *.jpg) pixels=$(djpeg -rgb -dct int -nosmooth "$file" | tail -c $((37 * 21 * 3)) | base64 -w 0) ;;
      *) pixels=$($convert "$file" -depth 16 -endian LSB rgba:- | base64 -w 0) ;;
    esac
    printf '%b  "%s": "%s"' "$separator" "$file" "$pixels"
    separator=',\n'
  done
  printf '\n}\n'
} > expected.json
