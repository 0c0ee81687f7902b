/* What the glare stage does sample by sample, in one pass: ``fused.py`` says what and how it is
 * called; ``subtract.py`` and ``connected.py`` do the same without it, a pass an operation.
 *
 * Plain C99 in float32, without contraction, in the order of NumPy's operations, so that both ways
 * come to the same codes. The loops over columns have no branches: compilers make vectors of them.
 */

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(_MSC_VER)
#define INLINE static __forceinline
#else
#define INLINE static inline __attribute__((always_inline)) /* into each processor's own */
#endif
#if defined(_WIN32)
#define PUBLIC __declspec(dllexport)
#else
#define PUBLIC __attribute__((visibility("default")))
#endif

/* One build serves all processors where the linker can choose as it loads. */
#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__) && __GNUC__ >= 12
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

/* That of fused.py; to be raised with any change of what the functions take. */
#define VERSION 1

#define CHUNK 512 /* luma columns at a time: what a chunk needs stays in the first cache */
#define ROUND 12582912.0f /* 1.5 * 2^23: added and taken away, it rounds to even as rint does */

typedef struct {
    float luma_offset, luma_span, chroma_offset, chroma_scale; /* chroma_scale: in luma codes */
    float red_cr, green_cr, green_cb, blue_cb; /* what chroma adds to luma, for each primary */
    float kr, kg, kb;
    float end, slope; /* of what clips: (end - luma) * slope, 0 to 1, of a change counts */
    float kept;
    float gain, shoulder; /* left * gain / (1 + left * shoulder) */
    float cb_step, cr_step; /* codes of chroma for a loss in luma codes */
} Numbers; /* as in fused.py, which says more */

typedef struct {
    const float *row[2][5]; /* rest, floor of R, G and B, blown: the rows above and below */
    float weight[2];
    int blown;
} Layer;

INLINE float least(float a, float b) { return a < b ? a : b; }
INLINE float most(float a, float b) { return a > b ? a : b; }

INLINE float lost(float x, float rest, float floor, float keep, const Numbers *n, int brighter)
{
    x = least(most(x, 0.0f), n->luma_span);
    const float light = x * x;
    float left = most(least(light * rest + floor, light), light * n->kept);
    if (brighter)
        left *= n->gain / (1.0f + left * n->shoulder);
    return (x - sqrtf(left)) * keep;
}

/* One row of a chunk: luma is written; what blue and red lose beside it goes to ``blue``, ``red``.
 * The largest change, in codes, is returned. */
INLINE int row_of(
    const uint8_t *restrict luma, uint8_t *restrict clean, const float *restrict add, int count,
    const Layer *layer, int begin, const Numbers *n, int blown, int brighter,
    float *restrict blue, float *restrict red)
{
    const float *restrict a0 = layer->row[0][0] + begin, *restrict b0 = layer->row[1][0] + begin;
    const float *restrict a1 = layer->row[0][1] + begin, *restrict b1 = layer->row[1][1] + begin;
    const float *restrict a2 = layer->row[0][2] + begin, *restrict b2 = layer->row[1][2] + begin;
    const float *restrict a3 = layer->row[0][3] + begin, *restrict b3 = layer->row[1][3] + begin;
    const float *restrict a4 = layer->row[0][4] + begin, *restrict b4 = layer->row[1][4] + begin;
    const float above = layer->weight[0], below = layer->weight[1];
    int changed = 0;
    for (int i = 0; i < count; i++) {
        const float y = (float)luma[i] - n->luma_offset;
        float keep = least(most((n->end - y) * n->slope, 0.0f), 1.0f);
        if (blown)
            keep = most(keep, a4[i] * above + b4[i] * below);
        const float rest = a0[i] * above + b0[i] * below;
        const float r = lost(y + add[i], rest, a1[i] * above + b1[i] * below, keep, n, brighter);
        const float g =
            lost(y + add[CHUNK + i], rest, a2[i] * above + b2[i] * below, keep, n, brighter);
        const float b =
            lost(y + add[2 * CHUNK + i], rest, a3[i] * above + b3[i] * below, keep, n, brighter);
        const float loss = n->kr * r + n->kg * g + n->kb * b;
        blue[i] = b - loss;
        red[i] = r - loss;
        const int32_t step = (int32_t)((loss + ROUND) - ROUND);
        const int32_t value = (int32_t)luma[i] - step;
        clean[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        changed |= step;
    }
    return changed;
}

/* A row of chroma from the losses of its luma rows, repeated at odd edges. */
INLINE int chroma_of(
    const uint8_t *restrict codes, uint8_t *restrict clean, int count,
    const float *restrict upper, const float *restrict lower, float scale)
{
    int changed = 0;
    for (int i = 0; i < count; i++) {
        const float mean =
            ((upper[2 * i] + upper[2 * i + 1]) + (lower[2 * i] + lower[2 * i + 1])) * 0.25f;
        const int32_t step = (int32_t)((mean * scale + ROUND) - ROUND);
        const int32_t value = (int32_t)codes[i] + step;
        clean[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        changed |= step;
    }
    return changed;
}

/* A chunk of one row of chroma and its one or two rows of luma. */
CLONES
static int chunk_of(
    const uint8_t *const luma[2], uint8_t *const clean[2], int rows, int count,
    const uint8_t *cb, const uint8_t *cr, uint8_t *clean_cb, uint8_t *clean_cr,
    const Layer layers[2], int begin, const Numbers *n)
{
    float add[3 * CHUNK], blue[2][CHUNK + 1], red[2][CHUNK + 1];
    const int half = (count + 1) / 2;
    for (int i = 0; i < half; i++) {
        const float b = ((float)cb[i] - n->chroma_offset) * n->chroma_scale;
        const float r = ((float)cr[i] - n->chroma_offset) * n->chroma_scale;
        add[2 * i] = add[2 * i + 1] = n->red_cr * r;
        add[CHUNK + 2 * i] = add[CHUNK + 2 * i + 1] = n->green_cr * r + n->green_cb * b;
        add[2 * CHUNK + 2 * i] = add[2 * CHUNK + 2 * i + 1] = n->blue_cb * b;
    }
    int changed = 0;
    for (int k = 0; k < rows; k++) {
        const Layer *layer = &layers[k];
        if (n->gain > 1.0f)
            changed |= row_of(luma[k], clean[k], add, count, layer, begin, n, layer->blown, 1,
                              blue[k], red[k]);
        else if (layer->blown)
            changed |= row_of(luma[k], clean[k], add, count, layer, begin, n, 1, 0, blue[k], red[k]);
        else
            changed |= row_of(luma[k], clean[k], add, count, layer, begin, n, 0, 0, blue[k], red[k]);
        blue[k][count] = blue[k][count - 1];
        red[k][count] = red[k][count - 1];
    }
    const int last = rows - 1;
    changed |= chroma_of(cb, clean_cb, half, blue[0], blue[last], n->cb_step);
    changed |= chroma_of(cr, clean_cr, half, red[0], red[last], n->cr_step);
    return changed;
}

PUBLIC int fused_version(void) { return VERSION; }

/* Planes of 8 bits in 4:2:0, from ``width`` columns of ``height`` rows on.
 *
 * planes, cleaned: Y', Cb and Cr from the block's first sample on; strides in bytes.
 * maps: (4 or 5, rows, columns) float32, as wide as luma, from the block's first column on.
 * above, below: for each row of luma the rows of the maps it lies between; weight: of the one below.
 *
 * Whether a sample changed. */
PUBLIC int subtract_light_420(
    const uint8_t *const planes[3], const ptrdiff_t strides[3], uint8_t *const cleaned[3],
    const ptrdiff_t cleaned_strides[3], int height, int width, const float *maps, int count,
    ptrdiff_t map_stride, ptrdiff_t row_stride, const int32_t *above, const int32_t *below,
    const float *weight, const Numbers *numbers)
{
    int changed = 0;
    for (int y = 0; y < height; y += 2) {
        const int rows = height - y < 2 ? 1 : 2;
        Layer layers[2];
        for (int k = 0; k < rows; k++) {
            for (int m = 0; m < 5; m++) {
                const float *map = maps + (m < count ? m : 0) * map_stride;
                layers[k].row[0][m] = map + above[y + k] * row_stride;
                layers[k].row[1][m] = map + below[y + k] * row_stride;
            }
            layers[k].weight[0] = 1.0f - weight[y + k];
            layers[k].weight[1] = weight[y + k];
            layers[k].blown = count > 4;
        }
        for (int x = 0; x < width; x += CHUNK) {
            const int columns = width - x < CHUNK ? width - x : CHUNK;
            const uint8_t *luma[2];
            uint8_t *clean[2];
            for (int k = 0; k < 2; k++) {
                luma[k] = planes[0] + (y + k) * strides[0] + x;
                clean[k] = cleaned[0] + (y + k) * cleaned_strides[0] + x;
            }
            const ptrdiff_t from = (y / 2) * strides[1] + x / 2;
            const ptrdiff_t from_cr = (y / 2) * strides[2] + x / 2;
            const ptrdiff_t to = (y / 2) * cleaned_strides[1] + x / 2;
            const ptrdiff_t to_cr = (y / 2) * cleaned_strides[2] + x / 2;
            changed |= chunk_of(luma, clean, rows, columns, planes[1] + from, planes[2] + from_cr,
                                cleaned[1] + to, cleaned[2] + to_cr, layers, x, numbers);
        }
    }
    return changed != 0;
}

/* Greyscale reconstruction by dilation with a square of 3x3: the hybrid algorithm of Vincent 1993.
 *
 * layer, reached: (height, width) float32; reached holds the marker, nowhere above the layer, and is
 * written. Returns 0, or -1 for want of memory. */
PUBLIC int reconstruct(const float *layer, float *reached, int height, int width)
{
    const ptrdiff_t size = (ptrdiff_t)height * width;
    for (int y = 0; y < height; y++) {
        float *row = reached + (ptrdiff_t)y * width;
        const float *limit = layer + (ptrdiff_t)y * width, *above = row - width;
        for (int x = 0; x < width; x++) {
            float value = row[x];
            if (x)
                value = most(value, row[x - 1]);
            if (y) {
                value = most(value, above[x]);
                if (x)
                    value = most(value, above[x - 1]);
                if (x + 1 < width)
                    value = most(value, above[x + 1]);
            }
            row[x] = least(value, limit[x]);
        }
    }
    /* A ring of places whose neighbours may still grow; each is in it once at most. */
    ptrdiff_t *queue = malloc((size_t)size * sizeof *queue);
    uint8_t *waits = calloc((size_t)size, 1);
    if (!queue || !waits) {
        free(queue);
        free(waits);
        return -1;
    }
    ptrdiff_t first = 0, waiting = 0;
    for (int y = height - 1; y >= 0; y--) {
        float *row = reached + (ptrdiff_t)y * width;
        const float *limit = layer + (ptrdiff_t)y * width, *below = row + width;
        const float *below_limit = limit + width;
        for (int x = width - 1; x >= 0; x--) {
            float value = row[x];
            if (x + 1 < width)
                value = most(value, row[x + 1]);
            if (y + 1 < height) {
                value = most(value, below[x]);
                if (x)
                    value = most(value, below[x - 1]);
                if (x + 1 < width)
                    value = most(value, below[x + 1]);
            }
            row[x] = value = least(value, limit[x]);
            int grows = x + 1 < width && row[x + 1] < value && row[x + 1] < limit[x + 1];
            if (y + 1 < height)
                for (int k = x ? -1 : 0; k <= (x + 1 < width); k++)
                    grows |= below[x + k] < value && below[x + k] < below_limit[x + k];
            if (grows) {
                queue[waiting++] = (ptrdiff_t)y * width + x;
                waits[(ptrdiff_t)y * width + x] = 1;
            }
        }
    }
    while (waiting) {
        const ptrdiff_t place = queue[first];
        first = first + 1 == size ? 0 : first + 1;
        waiting--;
        waits[place] = 0;
        const int x = (int)(place % width), y = (int)(place / width);
        const float value = reached[place];
        for (int v = y ? y - 1 : 0; v <= y + 1 && v < height; v++)
            for (int u = x ? x - 1 : 0; u <= x + 1 && u < width; u++) {
                const ptrdiff_t next = (ptrdiff_t)v * width + u;
                const float grown = least(value, layer[next]);
                if (reached[next] < grown) {
                    reached[next] = grown;
                    if (!waits[next]) {
                        const ptrdiff_t end = first + waiting;
                        queue[end < size ? end : end - size] = next;
                        waiting++;
                        waits[next] = 1;
                    }
                }
            }
    }
    free(queue);
    free(waits);
    return 0;
}
