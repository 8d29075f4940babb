// Texts whose contrast with what is behind them is below 4.5 to 1, or 3 to 1 where they are large
// (WCAG 2.2, 1.4.3).
const channel = (value) => {
  const part = value / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
};
const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const parsed = (text) => {
  const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
  return [r, g, b, a];
};
const over = ([r, g, b, a], back) => [r, g, b].map((value, i) => value * a + back[i] * (1 - a));
const lineage = (element) => (element ? [...lineage(element.parentElement), element] : []);
const back = (element) =>
  lineage(element).reduce(
    (below, one) => over(parsed(getComputedStyle(one).backgroundColor), below),
    [255, 255, 255],
  );
const opacity = (element) =>
  lineage(element).reduce((whole, one) => whole * Number(getComputedStyle(one).opacity), 1);
const faint = [];
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!own || element.ownerSVGElement || !element.checkVisibility()) continue;
  const style = getComputedStyle(element);
  const behind = back(element);
  const [r, g, b, a] = parsed(style.color);
  const front = over([r, g, b, a * opacity(element)], behind);
  const [light, dark] = [luminance(front), luminance(behind)].sort((x, y) => y - x);
  const ratio = (light + 0.05) / (dark + 0.05);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  if (ratio < (large ? 3 : 4.5)) {
    faint.push(`${element.tagName}.${element.className} ${ratio.toFixed(2)} ${element.textContent.trim().slice(0, 30)}`);
  }
}
return faint;
