// Loads the page's modules. A browser gives up on what it is loading when the network of the machine changes, and a gateway may end: then
// the page says that something is missing, and starts anew as soon as there is somebody to ask.

const RETRY_MS = 1000;

async function startAnew() {
    try {
        await fetch(location.pathname, { method: 'HEAD', cache: 'no-store' });
        location.reload();
    } catch {
        setTimeout(startAnew, RETRY_MS);
    }
}

try {
    await import('./app.js');
} catch (error) {
    const banner = document.getElementById('banner');
    banner.textContent = `A part of this page could not be loaded. It starts anew. (${error.message})`;
    banner.hidden = false;
    setTimeout(startAnew, RETRY_MS);
}
