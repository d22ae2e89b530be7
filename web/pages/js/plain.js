document.querySelector('main')?.setAttribute('data-state', 'ready');
